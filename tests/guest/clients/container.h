/* SPDX-License-Identifier: MIT */
/*
 * Containers of the podman in /podman, whose root is a directory with a shell and barlease
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CONTAINER_H
#define CONTAINER_H

#include <stddef.h>
#include <sys/types.h>

/* The Debian that podman is of; BROKER_DIR is in there, too, when podman runs */
#define CONTAINER_ROOT "/podman"
#define CONTAINER_UID 1001

/* The containers' root, and a user besides root, CONTAINER_UID, with a namespace of its own */
void container_set_up(void);

/* podman, run by this user: its arguments; what it prints comes out of *@output */
pid_t container_podman(uid_t uid, const char *const *arguments, int *output);

/* A container of this user that runs a line of shell; @options: of "podman run" */
pid_t container_start(uid_t uid, const char *const *options, const char *line,
		      int *output);

/* The same, to its end, as output_of() */
int container_run(uid_t uid, const char *const *options, const char *line,
		  char *text, size_t size);

#endif
