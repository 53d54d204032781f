// SPDX-License-Identifier: MIT
/*
 * Which addresses of a device are for which slice's memory
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>

#include "books.h"

/* Below it, some devices and kernels have things of their own */
#define LOWEST		(1ull << 20)

/* An IOMMU has entries of 1 GiB at most: to be aligned to more is of no use */
#define LARGEST_ENTRY	(1ull << 30)

/**
 * struct bl_address_space - what windows share
 * @told: what the device's owner says of it
 * @windows: by their addresses
 */
struct bl_address_space {
	LIST_ENTRY(bl_address_space) of_books;
	struct barlease_address_space told;
	struct bl_taken_list windows;
};

static struct bl_address_space *find_space(const struct bl_address_spaces *spaces,
					   uint64_t id)
{
	struct bl_address_space *space;

	LIST_FOREACH(space, spaces, of_books)
		if (space->told.id == id)
			return space;
	return NULL;
}

static int get_space(struct bl_address_spaces *spaces,
		     const struct barlease_device *device,
		     struct bl_address_space **space)
{
	struct barlease_address_space told;
	int ret = barlease_device_address_space(device, &told);

	if (ret)
		return ret;
	*space = find_space(spaces, told.id);
	if (*space) {
		free(told.ranges);
		return 0;
	}
	*space = calloc(1, sizeof(**space));
	if (!*space) {
		free(told.ranges);
		return -ENOMEM;
	}
	(*space)->told = told;
	LIST_INIT(&(*space)->windows);
	LIST_INSERT_HEAD(spaces, *space, of_books);
	return 0;
}

static void put_space(struct bl_address_space *space)
{
	if (!LIST_EMPTY(&space->windows))
		return;
	LIST_REMOVE(space, of_books);
	free(space->told.ranges);
	free(space);
}

/* As the slice says; else so that large entries fit */
static uint64_t alignment_of(const struct bl_slice *slice, uint64_t granule)
{
	uint64_t align = granule;

	while (align * 2 <= slice->dma && align < LARGEST_ENTRY)
		align *= 2;
	if (slice->dma_align)
		align = slice->dma_align > granule ? slice->dma_align : granule;
	return align;
}

/* From @lowest on */
static bool find_room(const struct bl_address_space *space, uint64_t lowest,
		      uint64_t align, uint64_t size, struct bl_room *room)
{
	const struct barlease_address_space *told = &space->told;

	for (size_t i = 0; i < told->nr_ranges; i++) {
		struct barlease_range range = told->ranges[i];
		uint64_t below = lowest > range.offset ? lowest - range.offset :
							 0;

		if (below >= range.length)
			continue;
		range.offset += below;
		range.length -= below;
		if (bl_room_find(&space->windows, &range, align, size, room))
			return true;
	}
	return false;
}

static int place(struct bl_address_space *space, const struct bl_slice *slice,
		 struct bl_window *window)
{
	uint64_t granule = space->told.granule;
	uint64_t lowest = slice->dma_base ?: LOWEST;
	struct bl_room room;

	if (slice->dma % granule)
		return -EINVAL;
	/* As low as can be: not every device has all bits of an address */
	if (!find_room(space, slice->window_at ?: lowest,
		       alignment_of(slice, granule), slice->dma, &room) ||
	    (slice->window_at && room.start != slice->window_at))
		return -ENOSPC;
	window->space = space;
	window->granule = granule;
	window->taken.size = slice->dma;
	bl_room_take(&space->windows, &room, &window->taken);
	return 0;
}

int bl_window_get(struct bl_address_spaces *spaces, struct bl_slice *slice)
{
	struct bl_address_space *space;
	struct bl_window *window;
	int ret;

	if (!slice->dma)
		return 0;
	ret = get_space(spaces, slice->device, &space);
	if (ret)
		return ret;
	window = calloc(1, sizeof(*window));
	ret = window ? place(space, slice, window) : -ENOMEM;
	if (ret) {
		free(window);
		put_space(space);
		return ret;
	}
	slice->window = window;
	return 0;
}

void bl_window_put(struct bl_slice *slice)
{
	struct bl_window *window = slice->window;

	if (!window)
		return;
	slice->window = NULL;
	LIST_REMOVE(&window->taken, of_list);
	put_space(window->space);
	free(window);
}
