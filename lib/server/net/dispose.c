// SPDX-License-Identifier: MIT
/*
 * Files that peers have sent, and that nobody needs any more
 *
 * Copyright (C) 2026 The barlease authors
 *
 * To close a file of a FUSE file system, or a socket with SO_LINGER, takes as long as
 * whoever is behind it likes. Of memory and eventfds that is known not to be so; any
 * other file is closed by a thread of its own, and its user waits for that, and nobody
 * else does.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

enum state {
	WAITING,	/* for a thread */
	CLOSING,
	CLOSED,
	LEFT,		/* and its thread is the one to free it */
};

struct bl_disposal {
	LIST_ENTRY(bl_disposal) of_net;
	uid_t uid;
	int fd;
	atomic_int state;
};

bool bl_is_memory(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

bool bl_is_eventfd(int fd)
{
	static const char want[] = "anon_inode:[eventfd]";
	char path[32], name[sizeof(want)] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, name, sizeof(name)) == sizeof(want) - 1 &&
	       !memcmp(name, want, sizeof(want) - 1);
}

static void *run(void *arg)
{
	struct bl_disposal *disposal = arg;

	close(disposal->fd);
	if (atomic_exchange(&disposal->state, CLOSED) == LEFT)
		free(disposal);
	return NULL;
}

/* The application's signals are not for it */
static int start_thread(struct bl_disposal *disposal,
			const pthread_attr_t *attr)
{
	sigset_t all, old;
	pthread_t thread;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&thread, attr, run, disposal);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

static void start(struct bl_disposal *disposal)
{
	pthread_attr_t attr;

	if (pthread_attr_init(&attr))
		return;
	atomic_store(&disposal->state, CLOSING);
	if (pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) ||
	    start_thread(disposal, &attr))
		atomic_store(&disposal->state, WAITING);
	pthread_attr_destroy(&attr);
}

void bl_dispose(struct bl_peer *peer, int fd)
{
	struct bl_disposal *disposal = peer->spare;

	if (bl_is_memory(fd) || bl_is_eventfd(fd)) {
		close(fd);
		return;
	}
	peer->spare = NULL;
	disposal->uid = peer->who.uid;
	disposal->fd = fd;
	LIST_INSERT_HEAD(&peer->net->disposals, disposal, of_net);
	start(disposal);
}

static void tend(struct bl_net *net)
{
	struct bl_disposal *disposal = LIST_FIRST(&net->disposals), *next;

	for (; disposal; disposal = next) {
		next = LIST_NEXT(disposal, of_net);
		switch (atomic_load(&disposal->state)) {
		case WAITING:
			start(disposal);
			break;
		case CLOSED:
			LIST_REMOVE(disposal, of_net);
			free(disposal);
			break;
		}
	}
}

static bool disposes(const struct bl_net *net, uid_t uid)
{
	const struct bl_disposal *disposal;

	LIST_FOREACH(disposal, &net->disposals, of_net)
		if (disposal->uid == uid)
			return true;
	return false;
}

bool bl_disposes(struct bl_net *net, uid_t uid)
{
	if (LIST_EMPTY(&net->disposals))
		return false;
	tend(net);
	return disposes(net, uid);
}

bool bl_can_dispose(struct bl_peer *peer)
{
	if (!peer->spare)
		peer->spare = calloc(1, sizeof(*peer->spare));
	return peer->spare;
}

static void let_go(struct bl_peers *peers)
{
	struct bl_peer *peer;

	TAILQ_FOREACH(peer, peers, of_net) {
		if (!peer->held || disposes(peer->net, peer->who.uid))
			continue;
		peer->held = false;
		bl_peer_wait(peer);
	}
}

void bl_disposals_tend(struct bl_net *net)
{
	if (LIST_EMPTY(&net->disposals))
		return;
	tend(net);
	let_go(&net->peers[BL_PEER_IDLE]);
	let_go(&net->peers[BL_PEER_BUSY]);
}

/* The end of the process closes those that no thread has */
void bl_disposals_leave(struct bl_net *net)
{
	struct bl_disposal *disposal;

	while ((disposal = LIST_FIRST(&net->disposals))) {
		LIST_REMOVE(disposal, of_net);
		if (atomic_exchange(&disposal->state, LEFT) != CLOSING)
			free(disposal);
	}
}
