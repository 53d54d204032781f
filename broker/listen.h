/* SPDX-License-Identifier: MIT */
/*
 * The sockets that the broker listens to
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_LISTEN_H
#define BROKER_LISTEN_H

#include <sys/types.h>

#include "keep/inherit.h"

/* What a socket's address has room for, with a NUL */
#define SOCKET_PATH_MAX	108

#define DEFAULT_SOCKET	"/run/barlease/socket"
#define DEFAULT_ADMIN	"/run/barlease/admin"

/**
 * struct listener - one of them
 * @fd: or -1
 * @path: to remove; empty where others have made the socket
 */
struct listener {
	int fd;
	char path[SOCKET_PATH_MAX];
};

/* @monitor: whoever may only look; there need not be one */
struct listeners {
	struct listener client;
	struct listener admin;
	struct listener monitor;
};

/* Where they are to be, and who may connect; @monitor: or NULL */
struct listener_paths {
	const char *client;
	mode_t client_mode;
	const char *admin;
	const char *monitor;
	mode_t monitor_mode;
};

/*
 * Those that were handed over, by the names "client", "admin" and "monitor". Return: 0;
 * -EINVAL what has such a name is something else
 */
int listeners_inherit(struct listeners *listeners, struct inheritance *all);

/*
 * One that is to be at @path: of a program that this process was before, by this name, if
 * it is there, else a new one. What fails is logged. Return: 0; -errno
 */
int listener_open(struct listener *listener, struct inheritance *all,
		  const char *name, const char *path, mode_t mode);
/* And its path is removed */
void listener_close(const struct listener *listener);

/* Make those that are not there. What fails is logged. Return: 0; -errno */
int listeners_make(struct listeners *listeners,
		   const struct listener_paths *paths);

void listeners_close(struct listeners *listeners);

#endif
