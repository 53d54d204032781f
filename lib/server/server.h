/* SPDX-License-Identifier: MIT */
/*
 * What the server's files know of each other
 *
 * Copyright (C) 2026 The barlease authors
 *
 *   server.c           the public calls, and the loop
 *   accept.c           new connections
 *   peer.c             a connection and its end
 *   user.c             how much each user has
 *   output.c           what a connection has still to be sent
 *   request.c          what a connection asks for
 *   slice.c            what there is to be had
 *   rivals.c           which slices exclude each other
 *   lease.c            what somebody has
 *
 * A connection that is to end is only marked at first, and goes at the end of
 * the public call (bl_peers_reap()). So no function here has to fear that a
 * peer is freed by another one that it calls.
 */
#ifndef LIB_SERVER_H
#define LIB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "public.h"
#include "sorted.h"
#include "wire/wire.h"

/* As many messages may wait for a peer that does not read */
#define BL_OUTPUT_MAX	256

LIST_HEAD(bl_leases, bl_lease);
LIST_HEAD(bl_peers, bl_peer);
TAILQ_HEAD(bl_outputs, bl_output);

/**
 * struct bl_slice - a slice on offer
 * @extents: its bytes again, sorted and merged
 * @rivals: slices that must not be held while this one is, and vice versa
 * @holders: how many leases there are; those that the kernel has refused to
 *   revoke count for ever
 */
struct bl_slice {
	char name[BARLEASE_NAME_MAX];
	char group[BARLEASE_NAME_MAX];
	const struct barlease_device *device;
	unsigned int bar;
	struct barlease_range *ranges;
	size_t nr_ranges;
	struct barlease_range *extents;
	size_t nr_extents;
	uint64_t size;
	unsigned int flags;
	enum barlease_memattr memattr;
	struct barlease_alignment alignment;
	unsigned int max_holders;
	uint32_t holders;
	struct bl_leases leases;
	struct bl_sorted rivals;
};

struct bl_lease {
	LIST_ENTRY(bl_lease) of_slice;
	LIST_ENTRY(bl_lease) of_peer;
	uint32_t id;
	int fd;
	struct bl_slice *slice;
	struct bl_peer *peer;
};

/* What all connections of a user have together */
struct bl_user {
	uid_t uid;
	unsigned int connections;
	unsigned int leases;
};

/**
 * struct bl_peer - a connection
 * @groups: what @who points to
 * @user: NULL while it is not known whether there may be this connection
 * @waits_for: what epoll is to tell
 * @welcome: it has said HELLO
 * @dying: its connection is to end
 * @suspended: it is to be told when the reset is over
 * @output: what cannot be sent yet
 */
struct bl_peer {
	LIST_ENTRY(bl_peer) of_server;
	struct barlease_server *server;
	int fd;
	struct barlease_peer who;
	gid_t *groups;
	struct bl_user *user;
	uint32_t waits_for;
	bool welcome;
	bool dying;
	bool suspended;
	struct bl_outputs output;
	unsigned int nr_output;
	struct bl_leases leases;
};

/**
 * struct barlease_server - see barlease_server_new()
 * @timer: when to accept again
 * @paused: no connections are accepted, for want of file descriptors
 * @slices: by name
 * @leases: by id
 * @users: those who are connected, by uid
 * @most_connections: of one user; 0 for any number
 * @most_leases: the same
 */
struct barlease_server {
	int epoll;
	int listener;
	int timer;
	bool paused;
	const struct barlease_server_ops *ops;
	void *data;
	struct bl_sorted slices;
	struct bl_sorted leases;
	struct bl_sorted users;
	unsigned int most_connections;
	unsigned int most_leases;
	uint32_t last_id;
	struct bl_peers peers;
	struct bl_peers dying;
};

/* accept.c. Return: 0; a negative errno where no more can be accepted */
int bl_accept(struct barlease_server *server);
void bl_accept_resume(struct barlease_server *server);

/* peer.c. Peers are known to epoll by their address. */
int bl_peer_new(struct barlease_server *server, int fd);
void bl_peer_ready(struct bl_peer *peer);
/* Asks epoll for what makes sense now */
void bl_peer_wait(struct bl_peer *peer);
void bl_peer_drop(struct bl_peer *peer);
void bl_peer_refused(const struct bl_peer *peer, const char *why);
bool bl_peer_allowed(const struct bl_peer *peer, const struct bl_slice *slice);
void bl_peers_reap(struct barlease_server *server);

/*
 * user.c. bl_user_join() finds the user of a new connection. Where there
 * may be no more of them, it says so to the peer, and returns -EDQUOT.
 */
int bl_user_compare(const void *uid, const void *user);
int bl_user_join(struct bl_peer *peer);
void bl_user_leave(struct bl_peer *peer);
bool bl_user_has_enough(const struct bl_peer *peer);

/*
 * output.c. @fd may be -1, and stays the caller's. bl_output_send()
 * returns 0 when the message is sent, or will be; bl_output_event() ends the
 * connection of a peer for whom that cannot be done.
 */
int bl_output_send(struct bl_peer *peer, const struct bl_wire_message *message,
		   int fd);
void bl_output_event(struct bl_peer *peer,
		     const struct bl_wire_message *message);
void bl_output_flush(struct bl_peer *peer);
void bl_output_free(struct bl_peer *peer);

/* request.c. Return: whether there may be another request */
bool bl_request(struct bl_peer *peer);

/* slice.c */
int bl_slice_new(const struct barlease_device *device,
		 const struct barlease_slice *offer, struct bl_slice **slice);
void bl_slice_free(struct bl_slice *slice);
/* For a struct bl_sorted of slices by name */
int bl_slice_compare(const void *name, const void *slice);
/* How many more leases of it there can be now; UINT32_MAX: any number */
uint32_t bl_slice_vacancies(const struct bl_slice *slice);
void bl_slice_info(const struct bl_slice *slice,
		   struct barlease_slice_info *info);

/* rivals.c */
int bl_extents_make(struct bl_slice *slice);
int bl_rivals_find(struct barlease_server *server, struct bl_slice *slice);
void bl_rivals_forget(struct bl_slice *slice);

/*
 * lease.c. bl_lease_revoke() returns an error where the kernel refuses,
 * and the lease stays; bl_lease_end() ends it whatever the kernel says.
 */
int bl_lease_new(struct bl_peer *peer, struct bl_slice *slice,
		 struct bl_lease **lease);
/* Nobody has heard of it yet */
void bl_lease_undo(struct bl_lease *lease);
void bl_lease_acquired(const struct bl_lease *lease);
int bl_lease_revoke(struct bl_lease *lease, enum barlease_reason reason);
void bl_lease_end(struct bl_lease *lease, enum barlease_reason reason);

#endif
