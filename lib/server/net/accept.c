// SPDX-License-Identifier: MIT
/*
 * New connections
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Where there is no file descriptor left for one, those who want to connect
 * wait in the listener's backlog. The listener would be ready all the time
 * then, so nobody looks at it until a connection has ended, or for a while:
 * file descriptors may become free for other reasons.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "server.h"

/* Connections, before those that exist have their turn */
#define ACCEPT_AT_ONCE	16
#define PAUSE_NS	(100 * 1000 * 1000)

static void listen_for(struct barlease_server *server, uint32_t events)
{
	struct epoll_event event = {
		.events = events,
		.data.ptr = &server->listener,
	};

	/* Cannot fail: it is in there, and nothing is allocated */
	epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listener, &event);
}

static void alarm_after(struct barlease_server *server, long ns)
{
	const struct itimerspec time = { .it_value.tv_nsec = ns };

	timerfd_settime(server->timer, 0, &time, NULL);
}

static void pause_accepting(struct barlease_server *server)
{
	server->paused = true;
	listen_for(server, 0);
	alarm_after(server, PAUSE_NS);
}

void bl_accept_resume(struct barlease_server *server)
{
	if (!server->paused)
		return;
	server->paused = false;
	listen_for(server, EPOLLIN);
	alarm_after(server, 0);
}

static bool out_of_resources(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	       error == ENOBUFS;
}

int bl_accept(struct barlease_server *server)
{
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		int fd = accept4(server->listener, NULL, NULL,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		/* A peer that cannot be let in is hung up on, no more */
		if (fd >= 0) {
			bl_peer_new(server, fd);
		} else if (errno == EAGAIN) {
			return 0;
		} else if (out_of_resources(errno)) {
			pause_accepting(server);
			return 0;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return -errno;
		}
	}
	return 0;
}
