/* SPDX-License-Identifier: MIT */
/*
 * What the demo's narrator says, and whether it is so
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef DEMO_TELL_H
#define DEMO_TELL_H

#include <stdbool.h>
#include <stddef.h>

#define BARLEASE	"/bin/barlease"

void heading(const char *text);

/* A line that says what has been found, and a mark that it was to be found */
void expect(bool good, const char *what, ...)
	__attribute__((format(printf, 2, 3)));
/* Of all such lines up to now */
bool all_is_as_told(void);

/*
 * A command of the administrator's, and what it prints. At least one line of
 * that must have @wanted in it; NULL for a command that prints nothing.
 */
void command(const char *wanted, const char *const *argv);

#define COMMAND(wanted, ...) \
	command(wanted, (const char *const[]){ BARLEASE, __VA_ARGS__, NULL })

/* Of the row of a listing that has @row in it, one column */
void look_up(const char *const *argv, const char *row, int column,
	     char *value, size_t size);

#endif
