/* SPDX-License-Identifier: MIT */
/*
 * TAP: every check says in words what was found true
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>

#define TAP_PRINTF(text, args) __attribute__((format(printf, text, args)))

bool ok(bool pass, const char *name, ...) TAP_PRINTF(2, 3);
bool vok(bool pass, const char *name, va_list args) TAP_PRINTF(2, 0);
bool is_int(long long got, long long want, const char *name, ...) TAP_PRINTF(3, 4);
bool is_hex(unsigned long long got, unsigned long long want, const char *name,
	    ...) TAP_PRINTF(3, 4);

/* For calls that return something useful, or a negative errno */
bool is_ok(long long ret, const char *name, ...) TAP_PRINTF(2, 3);
bool is_error(long long ret, int error, const char *name, ...) TAP_PRINTF(3, 4);

void skip(const char *why, const char *name, ...) TAP_PRINTF(2, 3);
/* The one check of a test that is skipped; does not return */
__attribute__((noreturn)) void skip_all(const char *why, const char *name);
void diag(const char *text, ...) TAP_PRINTF(1, 2);
__attribute__((noreturn)) void bail(const char *why, ...) TAP_PRINTF(1, 2);

/* What this machine lacks, all that is left of the test needs */
__attribute__((noreturn)) void skip_rest(const char *why);

/* Prints the plan; what main() returns */
int tap_done(void);

#endif
