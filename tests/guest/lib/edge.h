/* SPDX-License-Identifier: MIT */
/*
 * Arguments at the very end of mapped memory
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

#endif
