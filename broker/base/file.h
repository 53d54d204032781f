/* SPDX-License-Identifier: MIT */
/*
 * Files as a whole
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_FILE_H
#define BROKER_FILE_H

#include <stddef.h>

/* @text is for free(). Return: 0; -EFBIG; -errno */
int file_read_all(const char *path, char **text, size_t *size);

/*
 * A file in a directory that may be somebody else's, whom this process may do
 * no work for: made if need be, to be read and written. Return: an fd; -ELOOP,
 * -ENOTDIR a link; -EMLINK a file that has another name, too; -EPERM something
 * else than a file; -errno
 */
int file_open_plain(const char *directory, const char *name);

/* The directory that a file is to be in, should it not be there yet */
int file_make_parent(const char *path);

/* The last part of what a link points to. Return: 0; -errno */
int file_link_target(const char *path, char *name, size_t size);

#endif
