// SPDX-License-Identifier: MIT
/*
 * Sizes for people
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdio.h>

#include "size.h"

struct size_text size_text(uint64_t size)
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB",
	};
	struct size_text size_text;
	unsigned int unit = 0;
	uint64_t tenths;

	while (unit < 6 && size >> (10 * (unit + 1)))
		unit++;
	if (!unit || !(size & ((1ull << (10 * unit)) - 1))) {
		snprintf(size_text.text, sizeof(size_text.text),
			 "%" PRIu64 " %s", size >> (10 * unit), units[unit]);
		return size_text;
	}
	/* Of the unit below, so that nothing overflows */
	tenths = (size >> (10 * (unit - 1))) * 10 >> 10;
	snprintf(size_text.text, sizeof(size_text.text),
		 "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
		 units[unit]);
	return size_text;
}
