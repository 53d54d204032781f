// SPDX-License-Identifier: MIT
/*
 * The least that a server of file descriptors does: a request is a byte, and
 * the answer is always the same fd
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bare-server.h"
#include "message.h"
#include "tap.h"

/* false when the client is gone */
static bool serve(int sock, int fd)
{
	char byte;
	int none;

	return message_receive(sock, &byte, 1, &none) &&
	       message_send(sock, &byte, 1, fd);
}

/* One client: nothing but to wait for it */
static void serve_one(int sock, int fd)
{
	while (serve(sock, fd))
		;
}

static void serve_all(const int *sockets, int nr, int fd)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };

	for (int i = 0; i < nr; i++) {
		event.data.fd = sockets[i];
		epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event);
	}
	while (nr && epoll_wait(epoll, &event, 1, -1) == 1) {
		if (serve(event.data.fd, fd))
			continue;
		close(event.data.fd);
		nr--;
	}
}

static __attribute__((noreturn)) void be_server(const struct bare_server *server,
						const int *sockets, int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < server->nr; i++)
		close(server->sockets[i]);
	if (server->nr == 1)
		serve_one(sockets[0], fd);
	else
		serve_all(sockets, server->nr, fd);
	_exit(0);
}

void bare_server_start(struct bare_server *server, int fd, int clients)
{
	int sockets[BARE_CLIENTS_MAX], two[2];

	server->nr = clients;
	for (int i = 0; i < clients; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, two))
			bail("socketpair() fails");
		server->sockets[i] = two[0];
		sockets[i] = two[1];
	}
	server->pid = fork();
	if (server->pid < 0)
		bail("fork() fails");
	if (!server->pid)
		be_server(server, sockets, fd);
	for (int i = 0; i < clients; i++)
		close(sockets[i]);
}

void bare_server_stop(struct bare_server *server)
{
	for (int i = 0; i < server->nr; i++)
		close(server->sockets[i]);
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
}

int bare_request(int sock)
{
	char byte = 0;
	int fd = -1;

	if (!message_send(sock, &byte, 1, -1) ||
	    !message_receive(sock, &byte, 1, &fd) || fd < 0)
		bail("the bare server sends no fd");
	return fd;
}
