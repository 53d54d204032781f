/* SPDX-License-Identifier: MIT */
/*
 * Arguments at the very end of mapped memory, or in memory that is read-only
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDGE_H
#define EDGE_H

#include <stddef.h>

/*
 * ioctl() with an argument of which only the first @mapped bytes can be read.
 * Returns what ioctl() returns, or a negative errno.
 */
int edge_ioctl(int fd, unsigned long request, const void *arg, size_t mapped);

/* ioctl() with an argument of @size bytes that cannot be written; the same */
int edge_ioctl_rodata(int fd, unsigned long request, const void *arg,
		      size_t size);

#endif
