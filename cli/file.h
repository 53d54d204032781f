/* SPDX-License-Identifier: MIT */
/*
 * Small text files, by a path that is put together
 *
 * Copyright (C) 2026 The barlease authors
 *
 * All return 0 or a negative errno; a path that is too long is -ENAMETOOLONG.
 */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The first line, without its end; cut to @size */
int file_read(char *line, size_t size, const char *path, ...)
	__attribute__((format(printf, 3, 4)));
/* All of it, for free() */
int file_read_all(char **text, const char *path, ...)
	__attribute__((format(printf, 2, 3)));
/* In one write() to a file that exists */
int file_write(const char *text, const char *path, ...)
	__attribute__((format(printf, 2, 3)));
bool file_exists(const char *path, ...) __attribute__((format(printf, 1, 2)));
/* The last part of what a symbolic link names; "" where there is none */
void file_link_name(char *name, size_t size, const char *path, ...)
	__attribute__((format(printf, 3, 4)));
/* Where it really is, for free(), or NULL */
char *file_real_path(const char *path, ...)
	__attribute__((format(printf, 1, 2)));

#endif
