// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of a buffer: from an offset in the buffer to a physical address
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/errno.h>

#include "range.h"

static bool continues(const struct barlease_ranges *ranges, u64 phys_start)
{
	const struct barlease_range *last = &ranges->range[ranges->nr - 1];

	return last->phys_start + (ranges->size - last->range_start) ==
	       phys_start;
}

int barlease_ranges_append(struct barlease_ranges *ranges, u64 phys_start,
			   u64 length)
{
	u64 size = ranges->size + length;

	if (size < length)
		return -EOVERFLOW;

	if (!ranges->nr || !continues(ranges, phys_start)) {
		ranges->range[ranges->nr].range_start = ranges->size;
		ranges->range[ranges->nr].phys_start = phys_start;
		ranges->nr++;
	}
	ranges->size = size;
	return 0;
}

bool barlease_ranges_find(const struct barlease_ranges *ranges, u64 offset,
			  struct barlease_extent *extent)
{
	const struct barlease_range *range = ranges->range;
	u32 low = 0, high = ranges->nr;

	if (offset >= ranges->size)
		return false;

	/* range[low] begins at or before the offset, range[high] after it */
	while (high - low > 1) {
		u32 mid = low + (high - low) / 2;

		if (range[mid].range_start <= offset)
			low = mid;
		else
			high = mid;
	}

	extent->range_start = range[low].range_start;
	extent->range_end = high < ranges->nr ? range[high].range_start :
						ranges->size;
	extent->phys_start = range[low].phys_start;
	return true;
}
