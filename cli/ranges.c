// SPDX-License-Identifier: MIT
/*
 * The bytes of a slice, as the administrator's socket writes them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ranges.h"

static bool parse_one(const char **text, struct extent *extent)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	extent->offset = strtoull(*text, &end, 0);
	if (*end != '+' || end[1] < '0' || end[1] > '9')
		return false;
	extent->length = strtoull(end + 1, &end, 0);
	*text = end;
	return extent->length && extent->offset + extent->length > extent->offset;
}

static size_t count(const char *text)
{
	size_t n = 1;

	while (*text)
		n += *text++ == ',';
	return n;
}

int ranges_parse(const char *text, struct extent **result, size_t *nr)
{
	struct extent *extents;
	size_t i, n = count(text);

	extents = calloc(n, sizeof(*extents));
	if (!extents)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		if (!parse_one(&text, &extents[i]) ||
		    *text != (i + 1 < n ? ',' : '\0')) {
			free(extents);
			return -EPROTO;
		}
		text++;
	}
	*result = extents;
	*nr = n;
	return 0;
}

void ranges_describe(const struct extent *extents, size_t nr, char *text,
		     size_t size)
{
	int n;

	n = snprintf(text, size, "0x%" PRIx64 "-%#" PRIx64, extents->offset,
		     extents->offset + extents->length - 1);
	if (nr > 1 && n < (int)size)
		snprintf(text + n, size - n, " and %zu more", nr - 1);
}
