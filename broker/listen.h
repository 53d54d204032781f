/* SPDX-License-Identifier: MIT */
/*
 * The sockets that the broker listens to
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_LISTEN_H
#define BROKER_LISTEN_H

#include <sys/types.h>

/* What a socket's address has room for, with a NUL */
#define SOCKET_PATH_MAX	108

#define DEFAULT_SOCKET	"/run/barlease/socket"
#define DEFAULT_ADMIN	"/run/barlease/admin"

/**
 * struct listeners - both
 * @client, @admin: fds, or -1
 * @client_path, @admin_path: to remove; empty where others have made the socket
 */
struct listeners {
	int client;
	int admin;
	char client_path[SOCKET_PATH_MAX];
	char admin_path[SOCKET_PATH_MAX];
};

/*
 * Those that the service manager has handed over, by the names "client" and
 * "admin" in $LISTEN_FDNAMES. Return: 0; -EINVAL handed over something else
 */
int listeners_inherit(struct listeners *listeners);

/* Make those that are not there. What fails is logged. Return: 0; -errno */
int listeners_make(struct listeners *listeners, const char *client_path,
		   mode_t client_mode, const char *admin_path);

void listeners_close(struct listeners *listeners);

#endif
