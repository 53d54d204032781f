// SPDX-License-Identifier: MIT
/*
 * New connections, and room for them
 *
 * Copyright (C) 2026 The barlease authors
 *
 * There is a limit, so that file descriptors are left for other things. Where it is
 * reached, a connection that has nothing makes room: those that have not even said
 * who they are first, and of all the one that was silent longest. So nobody keeps
 * others out by being many.
 *
 * A server that runs out of file descriptors all the same lets new connections
 * wait in the listener's backlog. The listener would be ready all the time then,
 * so nobody looks at it until a connection has ended, or for a while.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

/* Connections, before those that exist have their turn */
#define ACCEPT_AT_ONCE	16
/* Time to say HELLO in */
#define HELLO_MS	5000

int64_t bl_net_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void bl_net_prepare(struct bl_net *net)
{
	*net = (struct bl_net){ .doors = -1 };
	LIST_INIT(&net->listeners);
	LIST_INIT(&net->disposals);
	for (int i = 0; i <= BL_PEER_DYING; i++)
		TAILQ_INIT(&net->peers[i]);
}

int bl_net_init(struct bl_net *net, int epoll, const struct bl_net_ops *ops,
		void *server)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = net };

	net->epoll = epoll;
	net->ops = ops;
	net->server = server;
	bl_identity_init(net);
	net->doors = epoll_create1(EPOLL_CLOEXEC);
	if (net->doors < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, net->doors, &event))
		return -errno;
	return 0;
}

static struct bl_listener *find_listener(const struct bl_net *net,
					 const char *name)
{
	struct bl_listener *listener;

	LIST_FOREACH(listener, &net->listeners, of_net)
		if (!strcmp(listener->name, name))
			return listener;
	return NULL;
}

int bl_net_listen(struct bl_net *net, int fd, const char *name, bool one_user)
{
	struct bl_listener *new;
	struct epoll_event event = { .events = EPOLLIN };
	int ret;

	if (find_listener(net, name))
		return -EEXIST;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->fd = fd;
	new->one_user = one_user;
	snprintf(new->name, sizeof(new->name), "%s", name);
	event.data.ptr = new;
	if (epoll_ctl(net->doors, EPOLL_CTL_ADD, fd, &event)) {
		ret = -errno;
		free(new);
		return ret;
	}
	LIST_INSERT_HEAD(&net->listeners, new, of_net);
	return 0;
}

int bl_net_unlisten(struct bl_net *net, const char *name)
{
	struct bl_listener *listener = find_listener(net, name);
	int fd;

	if (!listener)
		return -1;
	fd = listener->fd;
	epoll_ctl(net->doors, EPOLL_CTL_DEL, fd, NULL);
	LIST_REMOVE(listener, of_net);
	free(listener);
	return fd;
}

void bl_net_close(struct bl_net *net)
{
	struct bl_listener *listener;

	while ((listener = LIST_FIRST(&net->listeners))) {
		LIST_REMOVE(listener, of_net);
		free(listener);
	}
	if (net->doors >= 0)
		close(net->doors);
}

static void listen_for(struct bl_net *net, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = net };

	/* Cannot fail: it is in there, and nothing is allocated */
	epoll_ctl(net->epoll, EPOLL_CTL_MOD, net->doors, &event);
}

static void pause_accepting(struct bl_net *net)
{
	net->paused = true;
	listen_for(net, 0);
}

void bl_net_resume(struct bl_net *net)
{
	if (!net->paused)
		return;
	net->paused = false;
	listen_for(net, EPOLLIN);
}

static void push_out(struct bl_peer *peer, const char *why)
{
	peer->net->ops->pushed(peer, why);
	bl_peer_drop(peer);
}

/* Whoever came last is the first of the new ones to stay */
static bool make_room(struct bl_net *net)
{
	struct bl_peer *peer = TAILQ_FIRST(&net->peers[BL_PEER_NEW]);

	if (!peer)
		peer = TAILQ_FIRST(&net->peers[BL_PEER_IDLE]);
	if (!peer)
		return false;
	push_out(peer, "makes room for others, as one that has no lease");
	return true;
}

static bool out_of_resources(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	       error == ENOBUFS;
}

/* One connection. Return: 0; -EAGAIN there is no more for now; others */
static int accept_one(struct bl_net *net, const struct bl_listener *listener)
{
	int fd;

	fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		if (net->most && net->nr >= net->most)
			net->full = !make_room(net);
		/* A peer that cannot be let in is hung up on, no more */
		bl_peer_new(net, fd, listener);
		net->full = false;
		bl_net_reap(net);
		return 0;
	}
	if (out_of_resources(errno)) {
		pause_accepting(net);
		return -EAGAIN;
	}
	return errno == EINTR || errno == ECONNABORTED ? 0 : -errno;
}

static int accept_some(struct bl_net *net, const struct bl_listener *listener,
		       int most)
{
	int ret = 0;

	for (int i = 0; i < most && !ret; i++)
		ret = accept_one(net, listener);
	return ret == -EAGAIN ? 0 : ret;
}

/* Those that are ready take turns, by what the kernel does where they are many */
int bl_net_accept(struct bl_net *net)
{
	struct epoll_event ready[ACCEPT_AT_ONCE];
	int n = epoll_wait(net->doors, ready, ACCEPT_AT_ONCE, 0), ret, first = 0;

	for (int i = 0; i < n && !net->paused; i++) {
		ret = accept_some(net, ready[i].data.ptr, ACCEPT_AT_ONCE / n);
		first = first ?: ret;
	}
	return first;
}

void bl_net_expire(struct bl_net *net, int64_t now)
{
	struct bl_peer *peer;

	while ((peer = TAILQ_FIRST(&net->peers[BL_PEER_NEW])) &&
	       now - peer->since >= HELLO_MS)
		push_out(peer, "has not said HELLO in time");
}

void bl_net_reap(struct bl_net *net)
{
	struct bl_peers *dying = &net->peers[BL_PEER_DYING];
	struct bl_peer *peer;

	if (TAILQ_EMPTY(dying))
		return;
	while ((peer = TAILQ_FIRST(dying))) {
		net->ops->left(peer);
		bl_peer_free(peer);
	}
	/* There is a free file descriptor now */
	bl_net_resume(net);
}
