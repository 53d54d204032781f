// SPDX-License-Identifier: MIT
/*
 * Which slices exclude each other: those that share bytes, and one of which is
 * exclusive
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Found out once, when a slice is added, so that a lease is quickly granted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

static int by_offset(const void *a, const void *b)
{
	const struct barlease_range *one = a, *other = b;

	if (one->offset == other->offset)
		return 0;
	return one->offset < other->offset ? -1 : 1;
}

static uint64_t end_of(const struct barlease_range *range)
{
	return range->offset + range->length;
}

int bl_extents_make(struct bl_slice *slice)
{
	struct barlease_range *extents, *last;

	extents = reallocarray(NULL, slice->nr_ranges, sizeof(*extents));
	if (!extents)
		return -ENOMEM;
	memcpy(extents, slice->ranges, slice->nr_ranges * sizeof(*extents));
	qsort(extents, slice->nr_ranges, sizeof(*extents), by_offset);

	last = extents;
	for (size_t i = 1; i < slice->nr_ranges; i++) {
		if (extents[i].offset > end_of(last))
			*++last = extents[i];
		else if (end_of(&extents[i]) > end_of(last))
			last->length = end_of(&extents[i]) - last->offset;
	}
	slice->extents = extents;
	slice->nr_extents = last - extents + 1;
	return 0;
}

static bool share_bytes(const struct bl_slice *a, const struct bl_slice *b)
{
	size_t i = 0, j = 0;

	if (a->device != b->device || a->bar != b->bar)
		return false;
	while (i < a->nr_extents && j < b->nr_extents) {
		if (end_of(&a->extents[i]) <= b->extents[j].offset)
			i++;
		else if (end_of(&b->extents[j]) <= a->extents[i].offset)
			j++;
		else
			return true;
	}
	return false;
}

int bl_rivals_find(struct barlease_server *server, struct bl_slice *slice)
{
	for (size_t i = 0; i < server->slices.nr; i++) {
		struct bl_slice *other = server->slices.at[i];

		if (other == slice || !share_bytes(slice, other) ||
		    !((slice->flags | other->flags) & BARLEASE_EXCLUSIVE))
			continue;
		if (bl_sorted_add(&slice->rivals, other->name, other) ||
		    bl_sorted_add(&other->rivals, slice->name, slice)) {
			bl_rivals_forget(slice);
			return -ENOMEM;
		}
	}
	return 0;
}

void bl_rivals_forget(struct bl_slice *slice)
{
	for (size_t i = 0; i < slice->rivals.nr; i++) {
		struct bl_slice *rival = slice->rivals.at[i];

		bl_sorted_remove(&rival->rivals, slice->name);
	}
	bl_sorted_free(&slice->rivals);
}
