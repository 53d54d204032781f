/* SPDX-License-Identifier: MIT */
/*
 * The Debian in /systemd, started as a container manager starts one
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>
#include <sys/types.h>

#define MACHINE_ROOT "/systemd"

/*
 * Start its systemd, as PID 1 of namespaces of its own with the devices of the
 * guest, and enter those: what this process starts from now on is in there, as
 * are the files that it sees. Gives up where systemd does not come up. It ends
 * with this process. Returns its pid, as seen from outside.
 */
pid_t machine_boot(void);

/*
 * Run a program to its end; what it prints goes to @text, cut at @size, and to
 * the results as comments. Returns its exit status.
 */
int machine_run(char *text, size_t size, const char *const argv[]);

#endif
