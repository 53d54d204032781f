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

LIST_HEAD(windows, bl_window);

/**
 * struct bl_address_space - what windows share
 * @told: what the device's owner says of it
 * @windows: by their addresses
 */
struct bl_address_space {
	LIST_ENTRY(bl_address_space) of_books;
	struct barlease_address_space told;
	struct windows windows;
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

/* The first that is free at @from or after it, within @range */
static bool search(const struct bl_address_space *space,
		   const struct barlease_range *range, uint64_t from,
		   uint64_t align, uint64_t size, uint64_t *found)
{
	uint64_t end = range->offset + range->length;
	const struct bl_window *window;
	uint64_t start = from > range->offset ? from : range->offset;

	start = (start + align - 1) & ~(align - 1);
	LIST_FOREACH(window, &space->windows, of_space) {
		if (window->start >= start + size)
			break;
		if (window->start + window->size > start)
			start = (window->start + window->size + align - 1) &
				~(align - 1);
	}
	*found = start;
	return start < end && size <= end - start;
}

static int find_room(const struct bl_address_space *space, uint64_t from,
		     uint64_t align, uint64_t size, uint64_t *start)
{
	const struct barlease_address_space *told = &space->told;

	for (size_t i = 0; i < told->nr_ranges; i++)
		if (search(space, &told->ranges[i], from, align, size, start))
			return 0;
	return -ENOSPC;
}

static void insert(struct bl_address_space *space, struct bl_window *window)
{
	struct bl_window *other, *before = NULL;

	LIST_FOREACH(other, &space->windows, of_space) {
		if (other->start > window->start)
			break;
		before = other;
	}
	if (before)
		LIST_INSERT_AFTER(before, window, of_space);
	else
		LIST_INSERT_HEAD(&space->windows, window, of_space);
}

static int place(struct bl_address_space *space, const struct bl_slice *slice,
		 struct bl_window *window)
{
	uint64_t granule = space->told.granule;
	uint64_t align = alignment_of(slice, granule);
	uint64_t lowest = slice->dma_base ?: LOWEST;
	int ret;

	if (slice->dma % granule)
		return -EINVAL;
	/* As low as can be: not every device has all bits of an address */
	ret = find_room(space, lowest, align, slice->dma, &window->start);
	if (ret)
		return ret;
	window->space = space;
	window->size = slice->dma;
	window->granule = granule;
	insert(space, window);
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
	LIST_REMOVE(window, of_space);
	put_space(window->space);
	free(window);
}
