// SPDX-License-Identifier: MIT
/*
 * A broker's configuration, for the pages of this guest's kernel
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lease.h"
#include "scale.h"

/* A number of what is a multiple of pages; KIB() and MIB() are lease.h's */
static void put_number(FILE *file, const char **at)
{
	bool hex = !strncmp(*at, "0x", 2);
	char *end;
	uint64_t number = strtoull(*at, &end, 0);

	if (*end == 'K' || hex)
		number *= PAGE / KIB(4);
	else if (*end == 'M')
		number *= MIB(1) / KIB(1024);
	fprintf(file, hex ? "%#" PRIx64 : "%" PRIu64, number);
	*at = end;
}

void scale_config(FILE *file, const char *config)
{
	const char *end;

	for (const char *line = config; *line; line = end) {
		bool pages = !strncmp(line, "ranges", 6) ||
			     !strncmp(line, "stride", 6);

		end = strchrnul(line, '\n');
		end += *end == '\n';
		while (line < end)
			if (pages && isdigit((unsigned char)*line))
				put_number(file, &line);
			else
				fputc(*line++, file);
	}
}
