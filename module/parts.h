/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parts of a BAR, each with a memory attribute of its own
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Pure: no locking, no allocation, nothing that only the kernel has. The same
 * source file is built into the driver and into userspace tests.
 */
#ifndef BARLEASE_PARTS_H
#define BARLEASE_PARTS_H

#include <linux/types.h>

/**
 * struct barlease_part - a part of a BAR with one attribute
 * @end: the first offset past it, in bytes
 * @memattr: VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_*
 *
 * It begins where the one before it ends, or at 0.
 */
struct barlease_part {
	u64 end;
	u32 memattr;
};

/**
 * struct barlease_parts - a whole BAR, in the order of its offsets
 * @nr: entries in use; neighbours differ in their attribute
 * @part: the parts; the caller provides the memory
 */
struct barlease_parts {
	u32 nr;
	struct barlease_part part[];
};

/* How many parts more than before barlease_parts_set() can make */
#define BARLEASE_PARTS_GROWTH 2

/**
 * barlease_parts_set() - the parts of a BAR after a change
 * @to: receives them; has room for BARLEASE_PARTS_GROWTH more than @from has
 * @from: the parts before, at least one
 * @start: where the change begins, in bytes
 * @end: where it ends, more than @start and at most the BAR's size
 * @memattr: what holds from @start to @end
 */
void barlease_parts_set(struct barlease_parts *to,
			const struct barlease_parts *from, u64 start, u64 end,
			u32 memattr);

/**
 * barlease_parts_find() - the part that holds an offset
 * @parts: where to look
 * @offset: in the BAR, in bytes, and less than its size
 *
 * Return: the part.
 */
const struct barlease_part *
barlease_parts_find(const struct barlease_parts *parts, u64 offset);

#endif /* BARLEASE_PARTS_H */
