/* SPDX-License-Identifier: MIT */
/*
 * Things that are found by a key, and gone through in its order
 *
 * Copyright (C) 2026 The barlease authors
 *
 * An array of pointers: looking up is a binary search. Adding moves what comes
 * behind, which is nothing where keys grow.
 */
#ifndef LIB_SORTED_H
#define LIB_SORTED_H

#include <stddef.h>

struct bl_sorted {
	void **at;
	size_t nr;
	size_t room;
	int (*compare)(const void *key, const void *item);
};

/* NULL where there is none */
void *bl_sorted_find(const struct bl_sorted *sorted, const void *key);
/* Return: 0; -EEXIST; -ENOMEM */
int bl_sorted_add(struct bl_sorted *sorted, const void *key, void *item);
void bl_sorted_remove(struct bl_sorted *sorted, const void *key);
/* Not what it points to */
void bl_sorted_free(struct bl_sorted *sorted);

#endif
