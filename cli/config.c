// SPDX-License-Identifier: MIT
/*
 * What barleased says of its configuration
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"
#include "wanted.h"

static int add_lines(struct checks *checks, char *text, enum health health)
{
	char *line;
	int ret = 0;

	while (!ret && (line = strsep(&text, "\n")))
		if (*line)
			ret = checks_add(checks, "config", health,
					 "mend that line, and have it read: 'barlease reload'",
					 "%s", line);
	return ret;
}

int check_config(const char *path, struct checks *checks)
{
	const char *const argv[] = { "barleased", "--check", "-c", path, NULL };
	int ret, status;
	char *text;

	if (access(path, F_OK) && errno == ENOENT)
		return 0;
	if (access(path, R_OK))
		return checks_add(checks, "config", HEALTH_NOTE,
				  "run it as root to have it looked at",
				  "%s: %s", path, strerror(errno));
	ret = program_run(argv, true, &text, &status);
	if (ret)
		return ret;
	if (status == PROGRAM_NOT_THERE)
		ret = checks_add(checks, "config", HEALTH_NOTE,
				 "install it, or remove what it is not there to read",
				 "%s is there, and barleased is not", path);
	else if (!status && !*text)
		ret = checks_add(checks, "config", HEALTH_GOOD, "",
				 "%s is good", path);
	else
		ret = add_lines(checks, text,
				status ? HEALTH_BAD : HEALTH_NOTE);
	free(text);
	return ret;
}
