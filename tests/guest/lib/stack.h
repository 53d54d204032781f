/* SPDX-License-Identifier: MIT */
/*
 * Where in the kernel a thread waits
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef STACK_H
#define STACK_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Wait until the thread sleeps in a function of the kernel, or in what it
 * calls; false, and a word about where it is, when it does not within 20 s.
 * @tid may be of another process, @function a part of the name. The kernel does
 * not show the functions of its locks themselves.
 */
bool sleeps_in(pid_t tid, const char *function);

#endif
