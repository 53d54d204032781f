// SPDX-License-Identifier: MIT
/*
 * Which slices share bytes with each other
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The spans of a BAR lie in an array, by where they begin. Its middle is the root
 * of a tree, the middles of the halves are the next ones; each knows how far the
 * spans below it reach. So those that have bytes of a range are found without a
 * look at all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"

/* @furthest: the end of all that are below it in the tree */
struct bl_span {
	uint64_t start;
	uint64_t end;
	uint64_t furthest;
	const struct bl_slice *slice;
};

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

static struct bl_map *find(struct bl_maps *maps, const struct bl_slice *slice)
{
	struct bl_map *map;

	LIST_FOREACH(map, maps, of_books)
		if (map->device == slice->device && map->bar == slice->bar)
			return map;
	return NULL;
}

int bl_map_get(struct bl_maps *maps, struct bl_slice *slice)
{
	struct bl_map *map = find(maps, slice);

	if (!map) {
		map = calloc(1, sizeof(*map));
		if (!map)
			return -ENOMEM;
		map->device = slice->device;
		map->bar = slice->bar;
		LIST_INIT(&map->slices);
		LIST_INSERT_HEAD(maps, map, of_books);
	}
	map->uses++;
	slice->map = map;
	return 0;
}

void bl_map_put(struct bl_slice *slice)
{
	struct bl_map *map = slice->map;

	slice->map = NULL;
	if (!map || --map->uses)
		return;
	LIST_REMOVE(map, of_books);
	free(map->spans);
	free(map);
}

void bl_map_add(struct bl_slice *slice)
{
	LIST_INSERT_HEAD(&slice->map->slices, slice, of_map);
	slice->map->valid = false;
}

void bl_map_remove(struct bl_slice *slice)
{
	LIST_REMOVE(slice, of_map);
	slice->map->valid = false;
}

static int by_start(const void *a, const void *b)
{
	const struct bl_span *one = a, *other = b;

	return (one->start > other->start) - (one->start < other->start);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Those from @low to before @high, and how far they reach */
static uint64_t make_tree(struct bl_span *spans, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2;
	struct bl_span *span = &spans[middle];

	if (low == high)
		return 0;
	span->furthest = larger(span->end, make_tree(spans, low, middle));
	span->furthest = larger(span->furthest,
				make_tree(spans, middle + 1, high));
	return span->furthest;
}

static void add_spans(struct bl_span **at, const struct bl_slice *slice)
{
	for (size_t i = 0; i < slice->nr_extents; i++)
		*(*at)++ = (struct bl_span) {
			.start = slice->extents[i].offset,
			.end = end_of(&slice->extents[i]),
			.slice = slice,
		};
}

static int make_spans(struct bl_map *map)
{
	struct bl_slice *slice;
	struct bl_span *spans, *at;
	size_t nr = 0;

	LIST_FOREACH(slice, &map->slices, of_map)
		nr += slice->nr_extents;
	spans = reallocarray(NULL, nr, sizeof(*spans));
	if (!spans)
		return -ENOMEM;
	at = spans;
	LIST_FOREACH(slice, &map->slices, of_map)
		add_spans(&at, slice);
	qsort(spans, nr, sizeof(*spans), by_start);
	make_tree(spans, 0, nr);
	free(map->spans);
	map->spans = spans;
	map->nr_spans = nr;
	map->valid = true;
	return 0;
}

static bool excludes(const struct bl_slice *other, const struct bl_slice *slice)
{
	return other != slice && other->holders &&
	       (other->flags | slice->flags) & BARLEASE_EXCLUSIVE;
}

/* Of the spans from @low to before @high, does one that has bytes of these? */
static bool search(const struct bl_span *spans, size_t low, size_t high,
		   const struct barlease_range *bytes,
		   const struct bl_slice *slice)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct bl_span *span = &spans[middle];

		if (span->furthest <= bytes->offset)
			return false;
		if (search(spans, low, middle, bytes, slice))
			return true;
		if (span->start >= end_of(bytes))
			return false;
		if (span->end > bytes->offset && excludes(span->slice, slice))
			return true;
		low = middle + 1;
	}
	return false;
}

bool bl_map_excludes(struct bl_slice *slice)
{
	struct bl_map *map = slice->map;

	if (!map->valid && make_spans(map))
		return true;
	for (size_t i = 0; i < slice->nr_extents; i++)
		if (search(map->spans, 0, map->nr_spans, &slice->extents[i],
			   slice))
			return true;
	return false;
}

/* Both are sorted */
bool bl_extents_meet(const struct bl_slice *a, const struct bl_slice *b)
{
	size_t i = 0, j = 0;

	while (i < a->nr_extents && j < b->nr_extents) {
		const struct barlease_range *one = &a->extents[i];
		const struct barlease_range *other = &b->extents[j];

		if (end_of(one) <= other->offset)
			i++;
		else if (end_of(other) <= one->offset)
			j++;
		else
			return true;
	}
	return false;
}
