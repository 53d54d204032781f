// SPDX-License-Identifier: MIT
/*
 * A connection and its end
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

/* Of one peer, before others have their turn */
#define REQUESTS_AT_ONCE 8

/* The kernel's word on who had the other end when it was connected */
static int identify(struct bl_peer *peer)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &cred, &size))
		return -errno;
	peer->who.pid = cred.pid;
	peer->who.uid = cred.uid;
	peer->who.gid = cred.gid;
	return 0;
}

static int identify_groups(struct bl_peer *peer)
{
	socklen_t size = 0;

	/* Says with ERANGE how much room they need */
	if (!getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size))
		return 0;
	if (errno != ERANGE)
		return -errno;
	peer->groups = malloc(size);
	if (!peer->groups)
		return -ENOMEM;
	if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups,
		       &size))
		return -errno;
	peer->who.groups = peer->groups;
	peer->who.nr_groups = size / sizeof(gid_t);
	return 0;
}

static void peer_free(struct bl_peer *peer)
{
	bl_output_free(peer);
	bl_user_leave(peer);
	close(peer->fd);
	free(peer->groups);
	free(peer);
}

int bl_peer_new(struct barlease_server *server, int fd)
{
	struct bl_peer *peer = calloc(1, sizeof(*peer));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
	int ret;

	if (!peer) {
		close(fd);
		return -ENOMEM;
	}
	peer->server = server;
	peer->fd = fd;
	peer->waits_for = event.events;
	TAILQ_INIT(&peer->output);
	LIST_INIT(&peer->leases);

	ret = identify(peer);
	if (!ret)
		ret = identify_groups(peer);
	if (!ret)
		ret = bl_user_join(peer);
	if (!ret && epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
		ret = -errno;
	if (ret)
		peer_free(peer);
	else
		LIST_INSERT_HEAD(&server->peers, peer, of_server);
	return ret;
}

void bl_peer_ready(struct bl_peer *peer)
{
	if (!peer->dying)
		bl_output_flush(peer);
	for (int i = 0; i < REQUESTS_AT_ONCE; i++)
		if (!bl_request(peer))
			return;
}

void bl_peer_wait(struct bl_peer *peer)
{
	struct epoll_event event = {
		.events = peer->nr_output ? EPOLLOUT : EPOLLIN,
		.data.ptr = peer,
	};

	if (event.events == peer->waits_for)
		return;
	if (epoll_ctl(peer->server->epoll, EPOLL_CTL_MOD, peer->fd, &event))
		bl_peer_drop(peer);
	peer->waits_for = event.events;
}

void bl_peer_drop(struct bl_peer *peer)
{
	if (peer->dying)
		return;
	peer->dying = true;
	LIST_REMOVE(peer, of_server);
	LIST_INSERT_HEAD(&peer->server->dying, peer, of_server);
}

void bl_peer_refused(const struct bl_peer *peer, const char *why)
{
	const struct barlease_server *server = peer->server;

	if (server->ops->refused)
		server->ops->refused(server->data, &peer->who, why);
}

bool bl_peer_allowed(const struct bl_peer *peer, const struct bl_slice *slice)
{
	const struct barlease_server *server = peer->server;

	return !server->ops->allowed ||
	       server->ops->allowed(server->data, &peer->who, slice->name);
}

static void reap(struct bl_peer *peer)
{
	struct bl_lease *lease;

	while ((lease = LIST_FIRST(&peer->leases)))
		bl_lease_end(lease, BARLEASE_DISCONNECTED);
	LIST_REMOVE(peer, of_server);
	peer_free(peer);
}

void bl_peers_reap(struct barlease_server *server)
{
	struct bl_peer *peer, *next;

	if (LIST_EMPTY(&server->dying))
		return;
	for (peer = LIST_FIRST(&server->dying); peer; peer = next) {
		next = LIST_NEXT(peer, of_server);
		reap(peer);
	}
	/* There is a free file descriptor now */
	bl_accept_resume(server);
}
