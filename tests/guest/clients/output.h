/* SPDX-License-Identifier: MIT */
/*
 * What other people's programs print
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stddef.h>
#include <sys/types.h>

/* Every line of it as a comment */
void output_show(const char *text);

/* Waits for a child. Returns its exit status, or 128 and its signal */
int output_exit_status(pid_t pid);

/*
 * To its end: what a child writes to the other end of a pipe, of which nobody
 * else has it. Closes @fd; shows it; returns as output_exit_status().
 */
int output_of(pid_t pid, int fd, char *text, size_t size);

#endif
