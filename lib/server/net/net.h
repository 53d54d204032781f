/* SPDX-License-Identifier: MIT */
/*
 * A server's connections: who comes, what they say, what they are told
 *
 * Copyright (C) 2026 The barlease authors
 *
 * They know nothing of leases. What is to be done about a connection is for
 * struct bl_net_ops; each file calls only what is above it here:
 *
 *   identity.c   who is at the other end
 *   peer.c       what a connection waits for, how dear it is, the mark of its end
 *   dispose.c    files that peers have sent, and that nobody needs any more
 *   output.c     what it has still to be sent
 *   turn.c       its turns, from the first one to its end
 *   accept.c     new connections, and room for them
 *
 * A connection that is to end is only marked at first, and goes at the end of the
 * public call (bl_net_reap()). So nothing here has to fear that a peer is freed by
 * what it calls.
 */
#ifndef LIB_NET_H
#define LIB_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "public.h"
#include "server/account.h"
#include "wire/packet.h"

struct bl_net;

LIST_HEAD(bl_listeners, bl_listener);
TAILQ_HEAD(bl_peers, bl_peer);
TAILQ_HEAD(bl_outputs, bl_output);
LIST_HEAD(bl_disposals, bl_disposal);

/* How dear a connection is, where there are too many */
enum bl_peer_rank {
	BL_PEER_NEW,		/* has not said HELLO yet */
	BL_PEER_IDLE,		/* has nothing */
	BL_PEER_BUSY,		/* has leases */
	BL_PEER_RANKS,
	BL_PEER_DYING = BL_PEER_RANKS,
};

/**
 * struct bl_listener - a socket that connections come by
 * @fd: the caller's
 * @one_user: all who come by it are
 * @name: "" for the first one
 */
struct bl_listener {
	LIST_ENTRY(bl_listener) of_net;
	int fd;
	bool one_user;
	char name[BARLEASE_NAME_MAX];
};

/**
 * struct bl_peer - a connection
 * @of_net: in the list of its rank; those that were heard last are behind
 * @since: when it came, in milliseconds
 * @who: and @groups and @cgroup, which it refers to
 * @account: a uid, as whose it counts; BL_ONE_USER: as its listener's
 * @waits_for: what epoll is to tell
 * @blocked: nothing is read from it until something else is over
 * @unread_fd: a message with an fd went out, which it may not have read yet
 * @stalled: it has asked for more, and has not
 * @takes_fds: requests of it may bring an fd
 * @spare: for the next one that has to be disposed of
 * @held: nothing is read from it until its user's last one is closed
 * @output: what cannot be sent yet
 * @session: the server's
 */
struct bl_peer {
	TAILQ_ENTRY(bl_peer) of_net;
	struct bl_net *net;
	int fd;
	enum bl_peer_rank rank;
	int64_t since;
	struct barlease_peer who;
	gid_t *groups;
	char *cgroup;
	uid_t account;
	uint32_t waits_for;
	bool blocked;
	bool unread_fd;
	bool stalled;
	bool takes_fds;
	struct bl_disposal *spare;
	bool held;
	struct bl_outputs output;
	void *session;
};

/**
 * struct bl_net_ops - what is done about connections
 * @arrived: a new one. Return: 0; or it is hung up on, and @left is not called
 * @listens: it is about to be read from, and that is over
 * @answered: it has been sent a reply
 * @heard: it has said something. Whatever is wrong with it (@error: -EPROTO) is
 *   for the server to answer. The packet's fd is closed after it
 * @behind: it has something to be read by it, or has read all of that
 * @left: it is gone
 * @pushed: it has to go, to make room; a last word can still be said
 */
struct bl_net_ops {
	int (*arrived)(struct bl_peer *peer);
	void (*listens)(struct bl_peer *peer, bool begins);
	void (*answered)(struct bl_peer *peer);
	void (*heard)(struct bl_peer *peer, const struct bl_packet *packet,
		      int error);
	void (*behind)(struct bl_peer *peer);
	void (*left)(struct bl_peer *peer);
	void (*pushed)(struct bl_peer *peer, const char *why);
};

/**
 * struct bl_net - all of them
 * @doors: an epoll file of all @listeners
 * @see_cgroups: of those who come
 * @full: the one that arrives is one too many
 * @paused: no connections are accepted, for want of file descriptors
 * @most: connections; 0 for any number
 * @peers: by their rank; the dying ones behind
 * @nr: those that are not dying
 * @nobody: what the kernel calls users that this process' namespace does not
 *   have; -1 where there are none
 * @no_group: the same of groups
 * @disposals: files that are being closed
 */
struct bl_net {
	int epoll;
	int doors;
	struct bl_listeners listeners;
	const struct bl_net_ops *ops;
	void *server;
	bool see_cgroups;
	bool full;
	bool paused;
	unsigned int most;
	struct bl_peers peers[BL_PEER_RANKS + 1];
	unsigned int nr;
	uid_t nobody;
	gid_t no_group;
	struct bl_disposals disposals;
};

/* identity.c. Return: 0; -ENOENT a user that this process has no number for */
void bl_identity_init(struct bl_net *net);
int bl_identify(struct bl_peer *peer);

/* peer.c. Peers are known to epoll by their address. */
bool bl_peer_is_dying(const struct bl_peer *peer);
/* Asks epoll for what makes sense now */
void bl_peer_wait(struct bl_peer *peer);
/* Also where it is the same: it is the last one of its rank then */
void bl_peer_set_rank(struct bl_peer *peer, enum bl_peer_rank rank);
void bl_peer_block(struct bl_peer *peer);
void bl_peer_unblock(struct bl_peer *peer);
void bl_peer_drop(struct bl_peer *peer);

/*
 * dispose.c. A file that a peer has sent is closed, but never waited for: it may be
 * one that does not let itself be closed. bl_disposes() asks whether there is still
 * one of a user's; bl_can_dispose() before one is taken, for there has to be memory.
 */
bool bl_disposes(struct bl_net *net, uid_t uid);
bool bl_can_dispose(struct bl_peer *peer);
void bl_dispose(struct bl_peer *peer, int fd);
/* Begin with those that could not be begun with; nobody looks after them any more */
void bl_disposals_tend(struct bl_net *net);
void bl_disposals_leave(struct bl_net *net);

/* What the fd of a peer is; neither asks the file itself, which may not answer */
bool bl_is_memory(int fd);
bool bl_is_eventfd(int fd);

/*
 * output.c. @fd may be -1, and stays the caller's. bl_output_send() returns 0 when
 * the message is sent, or will be; bl_output_event() ends the connection of a peer
 * for whom that cannot be done. bl_output_recall() takes back what was sent last,
 * if it is of this type and still here.
 */
int bl_output_send(struct bl_peer *peer, const struct bl_wire_message *message,
		   int fd);
void bl_output_event(struct bl_peer *peer,
		     const struct bl_wire_message *message);
bool bl_output_recall(struct bl_peer *peer, uint16_t type);
/* One of this type that is about this lease, whatever was sent since */
bool bl_output_recall_of(struct bl_peer *peer, uint16_t type, uint32_t id);
void bl_output_flush(struct bl_peer *peer);
void bl_output_free(struct bl_peer *peer);

/* turn.c. bl_peer_reads(): has it read what it was sent, so that it may be sent an fd? */
bool bl_peer_reads(struct bl_peer *peer);
int bl_peer_new(struct bl_net *net, int fd, const struct bl_listener *listener);
/* One that another process had let in. Return: 0, and @fd is the peer's; as bl_identify() */
int bl_peer_restore(struct bl_net *net, int fd, struct bl_peer **peer);
/* One that is not let in after all */
void bl_peer_undo(struct bl_peer *peer);
/* The end of a connection, also where others have its fd */
void bl_hang_up(int fd);
void bl_peer_ready(struct bl_peer *peer, uint32_t events);
void bl_peer_free(struct bl_peer *peer);

/*
 * accept.c. bl_net_listen(): by one more socket, of a name that there is not yet.
 * bl_net_unlisten(): no longer, whoever has come by it is gone by then; returns the
 * socket, or -1.
 */
void bl_net_prepare(struct bl_net *net);
int bl_net_init(struct bl_net *net, int epoll, const struct bl_net_ops *ops,
		void *server);
int bl_net_listen(struct bl_net *net, int fd, const char *name, bool one_user);
int bl_net_unlisten(struct bl_net *net, const char *name);
void bl_net_close(struct bl_net *net);
/* Return: 0; a negative errno where no more can be accepted */
int bl_net_accept(struct bl_net *net);
/* Look again: there may be file descriptors by now */
void bl_net_resume(struct bl_net *net);
/* Those that have not said HELLO in time go. @now: in milliseconds */
void bl_net_expire(struct bl_net *net, int64_t now);
void bl_net_reap(struct bl_net *net);
/* Milliseconds since some time or other */
int64_t bl_net_now(void);

#endif
