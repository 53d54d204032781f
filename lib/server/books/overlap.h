/* SPDX-License-Identifier: MIT */
/*
 * Which slices share bytes with each other
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_OVERLAP_H
#define LIB_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct barlease_device;
struct bl_slice;
struct bl_span;

LIST_HEAD(bl_maps, bl_map);
LIST_HEAD(bl_map_slices, bl_slice);

/**
 * struct bl_map - the slices of one BAR
 * @uses: how many slices refer to it
 * @slices: those that count
 * @spans: their extents as a search tree, made when it is needed
 * @valid: whether they are still theirs
 */
struct bl_map {
	LIST_ENTRY(bl_map) of_books;
	const struct barlease_device *device;
	unsigned int bar;
	unsigned int uses;
	struct bl_map_slices slices;
	struct bl_span *spans;
	size_t nr_spans;
	bool valid;
};

/* From its ranges. Return: 0; -ENOMEM */
int bl_extents_make(struct bl_slice *slice);

/* The map of its BAR; found, or made. Return: 0; -ENOMEM */
int bl_map_get(struct bl_maps *maps, struct bl_slice *slice);
void bl_map_put(struct bl_slice *slice);
/* From now on it counts; and no more */
void bl_map_add(struct bl_slice *slice);
void bl_map_remove(struct bl_slice *slice);

/*
 * Must nobody have the slice, because somebody has another one that shares bytes
 * with it, and one of the two is exclusive? Also for want of memory.
 */
bool bl_map_excludes(struct bl_slice *slice);

/* Do two slices of the same map share bytes? */
bool bl_extents_meet(const struct bl_slice *a, const struct bl_slice *b);

#endif
