// SPDX-License-Identifier: MIT
/*
 * Where in the kernel a thread waits
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "stack.h"
#include "sysfs.h"
#include "tap.h"

static void look(pid_t tid, const char *what, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, what);
	if (file_read_all(path, text, size))
		text[0] = '\0';
}

/* Asleep, in the kernel's words; the name before it may have any character */
static bool sleeps(pid_t tid)
{
	char text[512], *state;

	look(tid, "stat", text, sizeof(text));
	state = strrchr(text, ')');
	return state && strchr("SD", state[2]);
}

bool sleeps_in(pid_t tid, const char *function)
{
	char text[4096];

	for (int i = 0; i < 4000; i++) {
		look(tid, "stack", text, sizeof(text));
		if (strstr(text, function) && sleeps(tid))
			return true;
		sleep_ms(5);
	}
	for (char *at = text, *line; (line = strsep(&at, "\n"));)
		diag("  it is in %s", line);
	return false;
}
