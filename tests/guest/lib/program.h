/* SPDX-License-Identifier: MIT */
/*
 * Programs that run beside a test, and what they say
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* One, and all that it says */
struct program {
	pid_t pid;
	FILE *says;
};

/* @words: its path, and its arguments; of this user, without a capability */
#define PROGRAM_AS(uid, ...) \
	program_start(uid, (const char *const []){ __VA_ARGS__, NULL })

struct program program_start(uid_t uid, const char *const *words);

/* Does it say this, sooner or later? */
bool program_says(const struct program *program, const char *words);

/* Send it a signal, unless that is 0, and wait: the status, or minus the signal */
int program_end(struct program *program, int sig);

#endif
