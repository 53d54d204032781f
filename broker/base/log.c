// SPDX-License-Identifier: MIT
/*
 * The log: standard error, a line each
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LINES_PER_SECOND	10
#define LONGEST_LINE		1024

/* What others have sent may be part of the text: it stays on its line. */
static void tame(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static bool is_terminal(void)
{
	static int known = -1;

	if (known < 0)
		known = isatty(STDERR_FILENO);
	return known;
}

/*
 * One write(), so that lines of two processes do not mix. Not dprintf(), which
 * asks twice about the file first: there is a line for each lease that comes
 * or goes.
 */
static void put(int level, char *line)
{
	char text[LONGEST_LINE + 16];

	tame(line);
	if (is_terminal())
		snprintf(text, sizeof(text), "barleased: %s\n", line);
	else
		snprintf(text, sizeof(text), "<%d>%s\n", level, line);
	/* Where there is no log, there is nobody to be told of that either. */
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return;
}

void log_line(int level, const char *text, ...)
{
	char line[LONGEST_LINE];
	va_list args;

	va_start(args, text);
	vsnprintf(line, sizeof(line), text, args);
	va_end(args);
	put(level, line);
}

void log_limited(int level, const char *text, ...)
{
	static unsigned long lines, dropped;
	static time_t second;
	char line[LONGEST_LINE];
	struct timespec now;
	va_list args;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != second) {
		if (dropped)
			log_line(level, "%lu more lines of that kind", dropped);
		second = now.tv_sec;
		lines = 0;
		dropped = 0;
	}
	if (lines == LINES_PER_SECOND) {
		dropped++;
		return;
	}
	lines++;
	va_start(args, text);
	vsnprintf(line, sizeof(line), text, args);
	va_end(args);
	put(level, line);
}
