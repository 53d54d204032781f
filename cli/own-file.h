/* SPDX-License-Identifier: MIT */
/*
 * Small files in a directory that nobody else can write to
 *
 * Copyright (C) 2026 The barlease authors
 *
 * No symbolic link is followed. All return 0, or a negative errno.
 */
#ifndef CLI_OWN_FILE_H
#define CLI_OWN_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Directory @name in @root@parent, made if @make. Return: its fd; -EPERM where
 * it belongs to another user, or others can write to it
 */
int own_directory(const char *root, const char *parent, const char *name,
		  bool make);
/* The file as a whole, by way of one of name @new */
int own_file_replace(int dir, const char *name, const char *new,
		     const char *text);
/* All of it; -EFBIG where it does not fit */
int own_file_read(int dir, const char *name, char *text, size_t size);

#endif
