// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parts of a BAR, each with a memory attribute of its own
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "parts.h"

/* What is from the last part's end to @end, which may be nothing. */
static void append(struct barlease_parts *parts, u64 end, u32 memattr)
{
	struct barlease_part *last = NULL;

	if (parts->nr)
		last = &parts->part[parts->nr - 1];
	if (end <= (last ? last->end : 0))
		return;

	if (last && last->memattr == memattr) {
		last->end = end;
		return;
	}

	parts->part[parts->nr].end = end;
	parts->part[parts->nr].memattr = memattr;
	parts->nr++;
}

void barlease_parts_set(struct barlease_parts *to,
			const struct barlease_parts *from, u64 start, u64 end,
			u32 memattr)
{
	const struct barlease_part *part;
	const struct barlease_part *past = from->part + from->nr;

	to->nr = 0;
	for (part = from->part; part < past; part++)
		append(to, part->end < start ? part->end : start,
		       part->memattr);
	append(to, end, memattr);
	for (part = from->part; part < past; part++)
		append(to, part->end, part->memattr);
}

/* There are BARLEASE_MAX_BAR_PARTS at most: no need to be clever. */
const struct barlease_part *
barlease_parts_find(const struct barlease_parts *parts, u64 offset)
{
	const struct barlease_part *part = parts->part;

	while (part->end <= offset)
		part++;
	return part;
}
