// SPDX-License-Identifier: MIT
/*
 * How long something takes, as people write it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"

#define SECOND	UINT64_C(1000)
#define DAY	(24 * 60 * 60 * SECOND)
#define MOST	(36500 * DAY)

static const struct unit {
	const char *name;
	uint64_t milliseconds;
} units[] = {
	{ "ms", 1 },
	{ "s", SECOND },
	{ "", SECOND },
	{ "m", 60 * SECOND },
	{ "h", 60 * 60 * SECOND },
	{ "d", DAY },
};

int duration_parse(const char *text, uint64_t *milliseconds)
{
	unsigned long long number;
	char *unit;

	/* strtoull() takes signs and blanks, too */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &unit, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(units[i].name, unit))
			continue;
		if (errno || number > MOST / units[i].milliseconds)
			return -ERANGE;
		*milliseconds = number * units[i].milliseconds;
		return 0;
	}
	return -EINVAL;
}
