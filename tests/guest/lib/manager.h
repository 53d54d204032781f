/* SPDX-License-Identifier: MIT */
/*
 * A service manager with a store of descriptors, as systemd is one: for tests of what it
 * cannot be made to do
 *
 * Copyright (C) 2026 The barlease authors
 *
 * It hears what a service notifies (sd_notify(3)), keeps what it is given (FDSTORE=1),
 * and hands all of that to the next process of the service (sd_listen_fds(3)). One at a
 * time.
 */
#ifndef MANAGER_H
#define MANAGER_H

#include <stdbool.h>
#include <sys/types.h>

/* @path: of its socket, which services are told by $NOTIFY_SOCKET */
void manager_begin(const char *path);
/* Everything that it keeps is closed */
void manager_end(void);

/* Starts a process of the service, with all there is; output goes to @log */
pid_t manager_start(const char *const *argv, const char *log);
/* Wait until it has said that it is ready, once more than the last time */
bool manager_is_ready(void);

/* How many it keeps, and the one of this name: its number here, or -1 */
int manager_kept(void);
int manager_fd(const char *name);
/* Close those whose name begins with this. Return: how many there were */
int manager_forget(const char *prefix);
/* One more */
void manager_keep(const char *name, int fd);

#endif
