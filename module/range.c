// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of a buffer: from an offset in the buffer to a physical address
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/errno.h>
#include <linux/math64.h>

#include "range.h"

/* Steps away from a guess: 1, 16 and 256 ranges, and no more of them */
#define STEPS		3
#define STEP_GROWTH	16

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

void barlease_ranges_finish(struct barlease_ranges *ranges)
{
	/* Rounded up, or the guess for a first byte is the range before. */
	if (ranges->nr)
		ranges->per_byte = (div64_u64(~0ULL, ranges->size) + 1) *
				   ranges->nr;
}

/*
 * Where a range is looked for: range[low] begins at or before the offset,
 * range[high] after it, or there is none.
 */
struct bounds {
	u32 low;
	u32 high;
};

static bool begins_by(const struct barlease_ranges *ranges, u32 index,
		      u64 offset)
{
	return ranges->range[index].range_start <= offset;
}

static void step_up(const struct barlease_ranges *ranges, u64 offset,
		    struct bounds *bounds)
{
	u32 step = 1;
	int i;

	for (i = 0; i < STEPS && step < bounds->high - bounds->low; i++) {
		if (!begins_by(ranges, bounds->low + step, offset)) {
			bounds->high = bounds->low + step;
			return;
		}
		bounds->low += step;
		step *= STEP_GROWTH;
	}
}

static void step_down(const struct barlease_ranges *ranges, u64 offset,
		      struct bounds *bounds)
{
	u32 step = 1;
	int i;

	for (i = 0; i < STEPS && step < bounds->high - bounds->low; i++) {
		if (begins_by(ranges, bounds->high - step, offset)) {
			bounds->low = bounds->high - step;
			return;
		}
		bounds->high -= step;
		step *= STEP_GROWTH;
	}
}

/*
 * Where all ranges are of one size, the guess is right, and the one behind it
 * says so. Else the right one is most often near.
 */
static struct bounds guess(const struct barlease_ranges *ranges, u64 offset)
{
	u64 index = mul_u64_u64_shr(offset, ranges->per_byte, 64);
	struct bounds bounds = { 0, ranges->nr };

	if (index >= ranges->nr)
		index = ranges->nr - 1;

	if (begins_by(ranges, index, offset)) {
		bounds.low = index;
		step_up(ranges, offset, &bounds);
	} else {
		bounds.high = index;
		step_down(ranges, offset, &bounds);
	}
	return bounds;
}

/* Written so that it needs no branch that is as likely as not */
static u32 bisect(const struct barlease_ranges *ranges, u64 offset,
		  struct bounds bounds)
{
	u32 low = bounds.low, nr = bounds.high - low;

	while (nr > 1) {
		u32 half = nr / 2;

		low += begins_by(ranges, low + half, offset) ? half : 0;
		nr -= half;
	}
	return low;
}

bool barlease_ranges_find(const struct barlease_ranges *ranges, u64 offset,
			  struct barlease_extent *extent)
{
	u32 index;

	if (offset >= ranges->size)
		return false;

	index = bisect(ranges, offset, guess(ranges, offset));
	describe(ranges, index, extent);
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
