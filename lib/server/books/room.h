/* SPDX-License-Identifier: MIT */
/*
 * Addresses that are taken, and room between them
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_ROOM_H
#define LIB_ROOM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "public.h"

LIST_HEAD(bl_taken_list, bl_taken);

/* @of_list: in the order of their addresses */
struct bl_taken {
	LIST_ENTRY(bl_taken) of_list;
	uint64_t start;
	uint64_t size;
};

/* @before: what is taken before it; or NULL */
struct bl_room {
	uint64_t start;
	struct bl_taken *before;
};

/* The first of @size in the range, @align a power of two. False where there is none */
bool bl_room_find(const struct bl_taken_list *list,
		  const struct barlease_range *range, uint64_t align,
		  uint64_t size, struct bl_room *room);
/* @taken: from room->start on; @room as the list is now */
void bl_room_take(struct bl_taken_list *list, const struct bl_room *room,
		  struct bl_taken *taken);

#endif
