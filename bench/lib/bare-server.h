/* SPDX-License-Identifier: MIT */
/*
 * The least that a server of file descriptors does: a request is a byte, and
 * the answer is always the same fd
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARE_SERVER_H
#define BARE_SERVER_H

#include <sys/types.h>

#define BARE_CLIENTS_MAX 64

/**
 * struct bare_server - a process
 * @pid: its
 * @nr: how many clients it serves
 * @sockets: the clients' ends
 */
struct bare_server {
	pid_t pid;
	int nr;
	int sockets[BARE_CLIENTS_MAX];
};

void bare_server_start(struct bare_server *server, int fd, int clients);
void bare_server_stop(struct bare_server *server);

/* Returns an fd */
int bare_request(int sock);

#endif
