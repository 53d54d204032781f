/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of a buffer: from an offset in the buffer to a physical address
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Pure: no locking, no allocation, nothing that only the kernel has. The same
 * source file is built into the driver and into userspace tests.
 */
#ifndef BARLEASE_RANGE_H
#define BARLEASE_RANGE_H

#include <linux/types.h>

/**
 * struct barlease_range - a physically contiguous part of a buffer
 * @range_start: where it begins in the buffer, in bytes
 * @phys_start: physical address of its first byte
 *
 * It ends where the next one begins, or at the buffer's end.
 */
struct barlease_range {
	u64 range_start;
	u64 phys_start;
};

/**
 * struct barlease_ranges - all of a buffer, in the order of its offsets
 * @size: the buffer's size in bytes
 * @phys_end: while ranges are appended: physical address past the last one
 * @per_byte: after that: how many ranges a byte has on average, in 2^-64, for
 *   a first guess
 * @nr: how many there are, after merging
 * @room: how many of them @range can hold; the rest are only counted
 * @range: the ranges; the caller provides the memory
 *
 * With a @room of 0 the ranges are counted, so that just enough memory can be
 * had for them before they are appended once more.
 */
struct barlease_ranges {
	u64 size;
	union {
		u64 phys_end;
		u64 per_byte;
	};
	u32 nr;
	u32 room;
	struct barlease_range range[];
};

/**
 * barlease_ranges_append() - put a range at the buffer's end
 * @ranges: where to; what is past its room counts, and is not kept
 * @phys_start: physical address of the range
 * @length: its length in bytes, not 0
 *
 * A range that continues its predecessor physically becomes part of it, so
 * that a huge page may cover both.
 *
 * Return: 0, or -EOVERFLOW when the size would overflow; @ranges is unchanged
 * then.
 */
int barlease_ranges_append(struct barlease_ranges *ranges, u64 phys_start,
			   u64 length);

/**
 * barlease_ranges_finish() - no more ranges will be appended
 * @ranges: all of a buffer
 *
 * A search without that finds the same, if more slowly.
 */
void barlease_ranges_finish(struct barlease_ranges *ranges);

/**
 * struct barlease_extent - what lies around an offset in one range
 * @range_start: the range's first offset in the buffer
 * @range_end: the first offset past the range
 * @phys_start: physical address at @range_start
 * @index: which range it is
 */
struct barlease_extent {
	u64 range_start;
	u64 range_end;
	u64 phys_start;
	u32 index;
};

/**
 * barlease_ranges_find() - the range that holds an offset
 * @ranges: where to look
 * @offset: in the buffer, in bytes
 * @extent: receives the range
 *
 * Compares the offset with two ranges' beginnings where all ranges are of one
 * size, and never, whatever their sizes, with more than log2(n) + 5 of them.
 *
 * Return: false when @offset is past the buffer's end.
 */
bool barlease_ranges_find(const struct barlease_ranges *ranges, u64 offset,
			  struct barlease_extent *extent);

/**
 * barlease_ranges_next() - the range behind one that was found
 * @ranges: where it was found
 * @extent: that range; becomes the next one
 *
 * O(1), for who goes through a buffer.
 *
 * Return: false when @extent was the last; it is unchanged then.
 */
bool barlease_ranges_next(const struct barlease_ranges *ranges,
			  struct barlease_extent *extent);

#endif /* BARLEASE_RANGE_H */
