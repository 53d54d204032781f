/* SPDX-License-Identifier: MIT */
/*
 * What another program says
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include <stdbool.h>

#define PROGRAM_NOT_THERE	127

/**
 * program_run() - run it to its end, without input
 * @argv: its name and words; administrators' directories are looked into as well
 * @errors_only: what it writes to stdout is of no interest
 * @text: receives what it wrote, for free()
 * @status: receives what it ended with, or PROGRAM_NOT_THERE
 *
 * Return: 0; errors of fork(); -ENOMEM
 */
int program_run(const char *const *argv, bool errors_only, char **text,
		int *status);

#endif
