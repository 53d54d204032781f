// SPDX-License-Identifier: MIT
/*
 * What the demo's narrator says, and whether it is so
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "tell.h"

static bool failed;

void expect(bool good, const char *what, ...)
{
	va_list args;

	printf("    %s ", good ? "\u2713" : "\u2717 NOT:");
	va_start(args, what);
	vprintf(what, args);
	va_end(args);
	putchar('\n');
	failed |= !good;
}

bool all_is_as_told(void)
{
	return !failed;
}

void heading(const char *text)
{
	printf("\n%s\n", text);
}

void command(const char *wanted, const char *const *argv)
{
	bool seen = !wanted;
	struct child child;
	const char *line;
	int i;

	printf("\n  # barlease");
	for (i = 1; argv[i]; i++)
		printf(" %s", argv[i]);
	putchar('\n');

	child = child_start(argv, 0);
	while ((line = child_text(&child))) {
		printf("  %s\n", line);
		seen |= wanted && strstr(line, wanted);
	}
	if (child_end(&child) || !seen)
		expect(false, "that says \"%s\"", wanted ?: "nothing");
}

void look_up(const char *const *argv, const char *row, int column,
	     char *value, size_t size)
{
	struct child child = child_start(argv, 0);
	char *word, *rest, *text;
	const char *line;
	int i;

	*value = '\0';
	while ((line = child_text(&child))) {
		if (!strstr(line, row))
			continue;
		text = strdup(line);
		word = strtok_r(text, " ", &rest);
		for (i = 0; i < column && word; i++)
			word = strtok_r(NULL, " ", &rest);
		snprintf(value, size, "%s", word ?: "");
		free(text);
	}
	child_end(&child);
	if (!*value)
		errx(1, "barlease %s does not show %s", argv[1], row);
}
