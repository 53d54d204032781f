// SPDX-License-Identifier: MIT
/*
 * What the terminal can show
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "screen.h"

unsigned int screen_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return columns && atoi(columns) > 0 ? atoi(columns) : 80;
}

/* Not through setlocale(): a static program has no locales to load. */
bool screen_is_unicode(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value, *dot;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = getenv(names[i]);
		if (!value || !*value)
			continue;
		dot = strrchr(value, '.');
		return dot && (!strcasecmp(dot, ".UTF-8") ||
			       !strcasecmp(dot, ".utf8"));
	}
	return false;
}
