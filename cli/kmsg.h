/* SPDX-License-Identifier: MIT */
/*
 * What the kernel has said
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_KMSG_H
#define CLI_KMSG_H

#include <stdbool.h>
#include <stdio.h>

/* Whether a line is of interest */
typedef bool (*kmsg_fn)(const char *line, void *data);

/* Prints the last of those that are. Return: how many; errors of open() */
int kmsg_print(FILE *to, kmsg_fn is_wanted, void *data);

#endif
