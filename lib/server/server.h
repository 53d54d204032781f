/* SPDX-License-Identifier: MIT */
/*
 * What the server's files know of each other
 *
 * Copyright (C) 2026 The barlease authors
 *
 * books/ knows what there is and who has it, and net/ knows connections; neither
 * knows the other. Here they are joined. Each file calls only what is above it:
 *
 *   keep.c      what another process needs to go on: of connections, and all
 *   watch.c     who may have a slice, and wants to know when it becomes free
 *   absent.c    holders whose connection was lost, and who may come back
 *   end.c       the ends of leases, and who is told of them
 *   session.c   a client: a connection that has a place in the books
 *   plan.c      when something is due of a lease
 *   pause.c     leases whose accesses wait
 *   term.c      ends that are known before
 *   queue.c     what clients ask for: interrupts and memory
 *   acquire.c   what clients ask for: a lease
 *   turn.c      those who wait for one
 *   rejoin.c    those who come back
 *   request.c   what clients ask for, else
 *   heir.c      what another process has left
 *   settle.c    what is due by now
 *   suspend.c   while a device is reset
 *   server.c    the public calls, and the loop
 */
#ifndef LIB_SERVER_H
#define LIB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "books/books.h"
#include "net/net.h"
#include "public.h"
#include "wire/wire.h"

LIST_HEAD(bl_sessions, bl_session);
LIST_HEAD(bl_suspensions, bl_suspension);
TAILQ_HEAD(bl_turns, bl_turn);
TAILQ_HEAD(bl_absents, bl_absent);

/**
 * struct bl_cursor - how far a client has come in listing slices
 * @generation: of the books; another one: it has to begin anew
 * @next: what it will ask for, if it goes on
 * @position: of that in bl_books.listing
 * @total: how many there are for this client
 */
struct bl_cursor {
	uint64_t generation;
	uint32_t next;
	size_t position;
	uint32_t total;
};

/**
 * struct bl_parked - a request that waits for a device's reset to be over
 * @serial: of it; 0 there is none
 * @fd: that came with it, or -1
 */
struct bl_parked {
	uint32_t serial;
	uint16_t type;
	int fd;
	union {
		struct bl_wire_acquire acquire;
		struct bl_wire_interrupt interrupt;
		struct bl_wire_map map;
	};
};

/**
 * struct bl_turn - a client that waits for a lease
 * @serial: of its request
 * @until: when it gives up; 0: never
 * @again: it could not have what was free when it was asked last
 */
struct bl_turn {
	TAILQ_ENTRY(bl_turn) of_server;
	struct bl_session *session;
	uint32_t serial;
	int64_t until;
	bool again;
	struct bl_wire_acquire wanted;
};

/**
 * struct bl_absent - a holder whose connection was lost, when another process went
 * @token: by which it comes back
 * @last: serial of the ACQUIRE that was given a lease last; 0: none was
 * @until: when that is too late
 * @missed: leases that have ended since, @nr of them
 */
struct bl_absent {
	TAILQ_ENTRY(bl_absent) of_server;
	struct bl_holder *holder;
	uint8_t token[BL_WIRE_TOKEN_SIZE];
	uint32_t last;
	int64_t until;
	struct bl_wire_revoked *missed;
	size_t nr;
};

/**
 * struct bl_session - a client
 * @welcome: it has said HELLO
 * @features: BL_WIRE_..., that both sides have
 * @kept: the keeper has its connection, too
 * @behind: a successor cannot go on with its connection, as was written down
 * @token: by which it comes back to a successor, if both have BL_WIRE_KEEPS
 * @last: serial of the ACQUIRE that was given a lease last
 * @suspended: it was told that accesses wait
 * @watches: and is in bl_server.watchers
 * @nr_turns: how many leases it waits for
 */
struct bl_session {
	LIST_ENTRY(bl_session) of_server;
	LIST_ENTRY(bl_session) of_watchers;
	struct barlease_server *server;
	struct bl_peer *peer;
	struct bl_holder *holder;
	bool welcome;
	uint32_t features;
	bool kept;
	bool behind;
	uint8_t token[BL_WIRE_TOKEN_SIZE];
	uint32_t last;
	bool suspended;
	bool watches;
	unsigned int nr_turns;
	struct bl_cursor cursor;
	struct bl_parked parked;
};

/**
 * struct bl_suspension - a device that is being reset
 * @again: and has to be once more, for somebody who had it has gone since
 */
struct bl_suspension {
	LIST_ENTRY(bl_suspension) of_server;
	const struct barlease_device *device;
	bool again;
};

/**
 * struct barlease_server - see barlease_server_new()
 * @timer: for what has to be looked at now and then
 * @tick: in milliseconds; 0: it does not run
 * @clock: a timer for when something is due: of a lease, or of somebody who waits
 * @clock_at: when that is; 0: it does not run
 * @watchers: clients that want to know when something becomes free
 * @turns: those who wait for a lease, the first one first
 * @give_up: when the first of them gives up, or before; 0: none does
 * @all: all of them are to be asked, for what is on offer has changed
 * @again: those are that could not have what was free
 * @absents: holders that may come back, the first to be too late first
 * @served: the client that a request is being read of, or at work; or NULL
 * @put_off: some of these do not read, and are asked soon
 * @round: of asking them
 * @serving: they are being asked
 */
struct barlease_server {
	int epoll;
	int timer;
	long tick;
	int clock;
	int64_t clock_at;
	struct bl_sessions watchers;
	struct bl_absents absents;
	struct bl_turns turns;
	int64_t give_up;
	bool all;
	bool again;
	bool put_off;
	bool serving;
	const struct bl_session *served;
	uint64_t round;
	struct barlease_server_ops ops;
	void *data;
	struct bl_books books;
	struct bl_net net;
	struct bl_sessions sessions;
	struct bl_suspensions suspensions;
};

/*
 * keep.c. How it is from now on; bl_keep_begin(): a client that has just said HELLO;
 * bl_keep_end(): it is about to be hung up on.
 * bl_keep_behind(): whether it has been answered, and has read that, may have changed.
 */
void bl_keep_session(const struct bl_session *session);
void bl_keep_begin(struct bl_session *session);
void bl_keep_end(struct bl_session *session);
/* It is to go on as another holder's */
void bl_keep_leave(struct bl_session *session);
void bl_keep_behind(struct bl_session *session);
void bl_keep_serves(const struct bl_session *session, bool serves);
/* The same, if it is the one that is served */
void bl_keep_answered(const struct bl_session *session);
void bl_keep_turn(const struct bl_turn *turn, bool waits);
void bl_keep_absent(struct barlease_server *server,
		    const struct bl_absent *absent);
/* BL_WIRE_FEATURES that this server has */
uint32_t bl_keep_features(const struct barlease_server *server);

/*
 * keep.c. What a caller was compiled with may have less, and more that is not used.
 * Return: 0; -EINVAL
 */
int bl_take_struct(void *to, size_t size, const void *from, size_t from_size);

/* watch.c. bl_watch_tell(): a lease of this slice has ended */
bool bl_allowed(const struct barlease_server *server,
		const struct bl_holder *holder, const struct bl_slice *slice);
bool bl_session_allowed(const struct bl_session *session,
			const struct bl_slice *slice);
void bl_watch(struct bl_session *session);
void bl_watch_leave(struct bl_session *session);
void bl_watch_tell(struct barlease_server *server, const struct bl_slice *slice);

/*
 * absent.c. bl_absent_new(): whose @session is NULL. bl_absent_missed(): a lease of such
 * a holder is over. bl_rejoin() is for one that comes back.
 */
int bl_absent_new(struct barlease_server *server, struct bl_holder *holder,
		  const uint8_t *token, uint32_t last, int64_t until);
void bl_absent_missed(const struct bl_lease *lease);
struct bl_absent *bl_absent_find(const struct barlease_server *server,
				 const uint8_t *token);
/* It has come back; or it is too late. What it has is the caller's. */
void bl_absent_over(struct barlease_server *server, struct bl_absent *absent);

/*
 * end.c. bl_end() ends a lease for processes, and tells its holder. Return: 0 it has
 * ended; -EINPROGRESS a device still has it, and bl_over() is called when it does
 * not; others: the kernel refuses, and it is held as before. bl_end_anyway() is for
 * those that cannot be held any longer: it is tried again, until it works.
 */
int bl_end(struct barlease_server *server, struct bl_lease *lease,
	   enum barlease_reason reason);
void bl_end_anyway(struct barlease_server *server, struct bl_lease *lease,
		   enum barlease_reason reason);
void bl_over(struct barlease_server *server, struct bl_lease *lease);
/* All of a slice, or of a holder */
void bl_end_slice(struct barlease_server *server, struct bl_slice *slice,
		  enum barlease_reason reason);
void bl_end_holder(struct barlease_server *server, struct bl_holder *holder,
		   enum barlease_reason reason);
/* It is dear for as long as it has something, or waits for it */
void bl_session_rank(struct bl_session *session);
/* For a log */
void bl_refused(const struct barlease_server *server,
		const struct barlease_peer *peer, const char *why);

/* session.c */
extern const struct bl_net_ops bl_session_ops;
void bl_session_reply(struct bl_session *session,
		      const struct bl_wire_message *message);
__attribute__((format(printf, 4, 5)))
void bl_session_error(struct bl_session *session, uint32_t serial, int error,
		      const char *text, ...);

/*
 * A client that another process had let in, and that has said HELLO there; NULL without
 * memory
 */
struct bl_session *bl_session_restore(struct bl_peer *peer,
				      struct bl_holder *holder,
				      uint32_t features);

/* A lease that is held, and its own; or NULL, and it has been told so */
struct bl_lease *bl_session_lease(struct bl_session *session, uint32_t serial,
				  uint32_t id);
/* @fd: of the request, or -1; it is not the session's */
void bl_session_park(struct bl_session *session,
		     const struct bl_wire_message *request, int fd);

/*
 * From now on it waits for a lease, and no longer. @again: see struct bl_turn. Return:
 * 0, also where it waits for too many already, and has been told so; -ENOMEM.
 * bl_turn_gives_up(): the server is to look at it then.
 */
void bl_turn_gives_up(const struct bl_turn *turn);
int bl_session_wait(struct bl_session *session, uint32_t serial,
		    const struct bl_wire_acquire *wanted, bool again);
void bl_session_wait_over(struct bl_turn *turn);

/* plan.c. Again, after something of it has changed */
void bl_plan(struct barlease_server *server, struct bl_lease *lease);

/* pause.c. The time of a pause is over. */
void bl_pause_fire(struct barlease_server *server, struct bl_lease *lease);

/*
 * term.c. bl_term_set(): a lease has so many milliseconds from now on; 0: it has no
 * end. bl_term_order(): somebody orders the end, with so many of grace; is answered as
 * bl_end() does, -EINPROGRESS until then. bl_terms_fire() does what is due.
 */
void bl_term_set(struct barlease_server *server, struct bl_lease *lease,
		 int64_t term);
int bl_term_order(struct barlease_server *server, struct bl_lease *lease,
		  uint64_t grace);
void bl_terms_fire(struct barlease_server *server, int64_t now);

/* queue.c. @fd: that came with it, or -1 */
void bl_queue_request(struct bl_session *session,
		      const struct bl_wire_message *request, int fd);

/*
 * acquire.c. bl_acquire() hands out a lease, and has sent it if it returns 0; *@slice
 * is which it is or would be, or NULL. -EAGAIN: its device is being reset.
 * bl_acquire_refuse() says why not.
 */
int bl_acquire(struct bl_session *session, uint32_t serial,
	       const struct bl_wire_acquire *wanted, struct bl_slice **slice);
void bl_acquire_refuse(struct bl_session *session, uint32_t serial,
		       const struct bl_wire_acquire *wanted, int error,
		       const struct bl_slice *slice);

/*
 * turn.c. bl_turn_request() is an ACQUIRE, which may wait. bl_turn_waits_for():
 * does somebody else wait for this one's slice? bl_turns_serve() hands out what
 * has become free; returns whether anything had.
 */
void bl_turn_request(struct bl_session *session,
		     const struct bl_wire_message *request);
bool bl_turn_waits_for(const struct bl_lease *lease);
void bl_turn_cancel(struct bl_session *session,
		    const struct bl_wire_message *request);
bool bl_turns_serve(struct barlease_server *server);
void bl_turns_fire(struct barlease_server *server, int64_t now);

/* rejoin.c */
void bl_rejoin(struct bl_session *session,
	       const struct bl_wire_message *request);
void bl_absents_fire(struct barlease_server *server, int64_t now);
/* Those of a listener do not come back. Return: how many leases that are */
unsigned int bl_absents_forbid(struct barlease_server *server,
			       const char *listener);

/* request.c */
void bl_request(struct bl_session *session, const struct bl_packet *packet,
		int error);
/* The one that was parked */
void bl_request_again(struct bl_session *session);

/*
 * settle.c. At the end of each public call that may have changed something; and when
 * one of the two timers says so
 */
void bl_settle(struct barlease_server *server);
void bl_on_tick(struct barlease_server *server);
void bl_on_clock(struct barlease_server *server);

/* suspend.c. bl_reset(): before anybody has more of it; bl_unsuspend(): it is gone */
void bl_reset(struct barlease_server *server,
	      const struct barlease_device *device);
void bl_unsuspend(struct barlease_server *server,
		  const struct barlease_device *device);
bool bl_is_suspended(const struct barlease_server *server,
		     const struct barlease_device *device);
/* Those who believe something else */
void bl_suspend_tell(struct barlease_server *server);

#endif
