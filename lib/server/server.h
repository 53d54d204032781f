/* SPDX-License-Identifier: MIT */
/*
 * What the server's files know of each other
 *
 * Copyright (C) 2026 The barlease authors
 *
 * books/ knows what there is and who has it, and net/ knows connections; neither
 * knows the other. Here they are joined. Each file calls only what is above it:
 *
 *   end.c       the ends of leases, and who is told of them
 *   session.c   a client: a connection that has a place in the books
 *   queue.c     what clients ask for: interrupts and memory
 *   request.c   what clients ask for, else
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
 * struct bl_session - a client
 * @welcome: it has said HELLO
 * @features: BL_WIRE_..., that both sides have
 * @suspended: it was told that accesses wait
 */
struct bl_session {
	LIST_ENTRY(bl_session) of_server;
	struct barlease_server *server;
	struct bl_peer *peer;
	struct bl_holder *holder;
	bool welcome;
	uint32_t features;
	bool suspended;
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
 */
struct barlease_server {
	int epoll;
	int timer;
	long tick;
	struct barlease_server_ops ops;
	void *data;
	struct bl_books books;
	struct bl_net net;
	struct bl_sessions sessions;
	struct bl_suspensions suspensions;
};

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
/* For a log */
void bl_refused(const struct barlease_server *server,
		const struct barlease_peer *peer, const char *why);

/* session.c */
extern const struct bl_net_ops bl_session_ops;
bool bl_session_allowed(const struct bl_session *session,
			const struct bl_slice *slice);
void bl_session_reply(struct bl_session *session,
		      const struct bl_wire_message *message);
__attribute__((format(printf, 4, 5)))
void bl_session_error(struct bl_session *session, uint32_t serial, int error,
		      const char *text, ...);

/* A lease that is held, and its own; or NULL, and it has been told so */
struct bl_lease *bl_session_lease(struct bl_session *session, uint32_t serial,
				  uint32_t id);
/* @fd: of the request, or -1; it is not the session's */
void bl_session_park(struct bl_session *session,
		     const struct bl_wire_message *request, int fd);

/* queue.c. @fd: that came with it, or -1 */
void bl_queue_request(struct bl_session *session,
		      const struct bl_wire_message *request, int fd);

/* request.c */
void bl_request(struct bl_session *session, const struct bl_packet *packet,
		int error);
/* The one that was parked */
void bl_request_again(struct bl_session *session);

/* suspend.c. bl_reset(): before anybody has more of it; bl_unsuspend(): it is gone */
void bl_reset(struct barlease_server *server,
	      const struct barlease_device *device);
void bl_unsuspend(struct barlease_server *server,
		  const struct barlease_device *device);
bool bl_is_suspended(const struct barlease_server *server,
		     const struct barlease_device *device);

#endif
