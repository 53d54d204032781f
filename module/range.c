// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of a buffer: from an offset in the buffer to a physical address
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/errno.h>

#include "range.h"

int barlease_ranges_append(struct barlease_ranges *ranges, u64 phys_start,
			   u64 length)
{
	u64 size = ranges->size + length;

	if (size < length)
		return -EOVERFLOW;

	if (!ranges->nr || ranges->phys_end != phys_start) {
		if (ranges->nr < ranges->room) {
			ranges->range[ranges->nr].range_start = ranges->size;
			ranges->range[ranges->nr].phys_start = phys_start;
		}
		ranges->nr++;
	}
	ranges->size = size;
	ranges->phys_end = phys_start + length;
	return 0;
}

static void describe(const struct barlease_ranges *ranges, u32 index,
		     struct barlease_extent *extent)
{
	const struct barlease_range *range = &ranges->range[index];

	extent->range_start = range->range_start;
	extent->range_end = index + 1 < ranges->nr ? range[1].range_start :
						     ranges->size;
	extent->phys_start = range->phys_start;
	extent->index = index;
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

	describe(ranges, low, extent);
	return true;
}

bool barlease_ranges_next(const struct barlease_ranges *ranges,
			  struct barlease_extent *extent)
{
	if (extent->index + 1 >= ranges->nr)
		return false;

	describe(ranges, extent->index + 1, extent);
	return true;
}
