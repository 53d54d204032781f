// SPDX-License-Identifier: MIT
/*
 * Addresses that are taken, and room between them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "room.h"

static uint64_t align_up(uint64_t address, uint64_t align)
{
	return (address + align - 1) & ~(align - 1);
}

bool bl_room_find(const struct bl_taken_list *list,
		  const struct barlease_range *range, uint64_t align,
		  uint64_t size, struct bl_room *room)
{
	uint64_t end = range->offset + range->length;
	uint64_t start = align_up(range->offset, align);
	struct bl_taken *taken;

	room->before = NULL;
	LIST_FOREACH(taken, list, of_list) {
		if (taken->start >= start + size)
			break;
		if (taken->start + taken->size > start)
			start = align_up(taken->start + taken->size, align);
		room->before = taken;
	}
	room->start = start;
	return start < end && size <= end - start;
}

void bl_room_take(struct bl_taken_list *list, const struct bl_room *room,
		  struct bl_taken *taken)
{
	taken->start = room->start;
	if (room->before)
		LIST_INSERT_AFTER(room->before, taken, of_list);
	else
		LIST_INSERT_HEAD(list, taken, of_list);
}
