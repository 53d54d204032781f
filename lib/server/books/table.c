// SPDX-License-Identifier: MIT
/*
 * Things that are found by a key, and gone through in its order
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sorted.h"

/* Where it is, or where it would have to be */
static size_t position(const struct bl_sorted *sorted, const void *key,
		       bool *found)
{
	size_t low = 0, high = sorted->nr;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = sorted->compare(key, sorted->at[middle]);

		if (!order) {
			*found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void *bl_sorted_find(const struct bl_sorted *sorted, const void *key)
{
	bool found;
	size_t i = position(sorted, key, &found);

	return found ? sorted->at[i] : NULL;
}

static int make_room(struct bl_sorted *sorted)
{
	size_t room = sorted->room ? 2 * sorted->room : 16;
	void **at;

	if (sorted->nr < sorted->room)
		return 0;
	at = reallocarray(sorted->at, room, sizeof(*at));
	if (!at)
		return -ENOMEM;
	sorted->at = at;
	sorted->room = room;
	return 0;
}

int bl_sorted_add(struct bl_sorted *sorted, const void *key, void *item)
{
	bool found;
	size_t i = position(sorted, key, &found);

	if (found)
		return -EEXIST;
	if (make_room(sorted))
		return -ENOMEM;
	memmove(&sorted->at[i + 1], &sorted->at[i],
		(sorted->nr - i) * sizeof(sorted->at[0]));
	sorted->at[i] = item;
	sorted->nr++;
	return 0;
}

void bl_sorted_remove(struct bl_sorted *sorted, const void *key)
{
	bool found;
	size_t i = position(sorted, key, &found);

	if (!found)
		return;
	sorted->nr--;
	memmove(&sorted->at[i], &sorted->at[i + 1],
		(sorted->nr - i) * sizeof(sorted->at[0]));
}

void bl_sorted_free(struct bl_sorted *sorted)
{
	free(sorted->at);
	sorted->at = NULL;
	sorted->nr = 0;
	sorted->room = 0;
}
