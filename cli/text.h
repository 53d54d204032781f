/* SPDX-License-Identifier: MIT */
/*
 * Text that others have chosen, for a terminal and for JSON
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A process calls itself what it likes, and so does whoever answers at a socket:
 * any bytes but NUL. A terminal takes some of them for orders, and JSON has no
 * others than those of UTF-8.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * What is no UTF-8, steers a terminal or turns the direction of writing: each
 * byte of it as \xNN. Return: for free(); NULL without memory
 */
char *text_for_terminal(const char *text);

/* What is no UTF-8: U+FFFD for each byte. Return: as above */
char *text_for_json(const char *text);

/* printf(), as for a terminal; a "\n" at the end of @format ends the line */
int text_print(FILE *to, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int text_vprint(FILE *to, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/*
 * fclose() of what open_memstream() has put in *@text: whether all of it is there.
 * Without memory at the last moment, glibc has none, and says so to nobody.
 */
bool text_close(FILE *to, char *const *text);

#endif
