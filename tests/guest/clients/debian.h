/* SPDX-License-Identifier: MIT */
/*
 * Programs of a Debian in a directory
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef DEBIAN_H
#define DEBIAN_H

#include <sys/types.h>

/* Its standard input is @in, or this process's where that is -1 */
pid_t debian_start(const char *root, const char *const argv[], int in, int out);
/* What it prints comes out of *@output, see output.h */
pid_t debian_pipe(const char *root, const char *const argv[], int *output);

#endif
