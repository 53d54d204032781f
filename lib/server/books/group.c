// SPDX-License-Identifier: MIT
/*
 * Groups: slices of which clients take any one
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "container.h"

struct bl_slice_group *bl_slice_group_find(const struct bl_books *books, const char *name)
{
	struct bl_link *link = bl_table_find(&books->groups, bl_hash_text(name));
	struct bl_slice_group *group;

	for (; link; link = bl_table_more(link)) {
		group = bl_container_of(link, struct bl_slice_group, link);
		if (!strcmp(group->name, name))
			return group;
	}
	return NULL;
}

struct bl_slice_group *bl_slice_group_get(struct bl_books *books, const char *name)
{
	struct bl_slice_group *group = bl_slice_group_find(books, name);

	if (!group) {
		group = calloc(1, sizeof(*group));
		if (!group || bl_table_reserve(&books->groups, 1)) {
			free(group);
			return NULL;
		}
		memcpy(group->name, name, strlen(name) + 1);
		TAILQ_INIT(&group->idle);
		TAILQ_INIT(&group->busy);
		bl_table_add(&books->groups, &group->link, bl_hash_text(name));
	}
	group->nr++;
	return group;
}

void bl_slice_group_put(struct bl_books *books, struct bl_slice_group *group)
{
	if (!group || --group->nr)
		return;
	bl_table_remove(&books->groups, &group->link);
	free(group);
}

static struct bl_members *members(struct bl_slice *slice, uint32_t holders)
{
	return holders ? &slice->group->busy : &slice->group->idle;
}

void bl_slice_group_add(struct bl_slice *slice)
{
	if (slice->group)
		TAILQ_INSERT_TAIL(members(slice, slice->holders), slice,
				  of_group);
}

void bl_slice_group_remove(struct bl_slice *slice)
{
	if (slice->group)
		TAILQ_REMOVE(members(slice, slice->holders), slice, of_group);
}

void bl_slice_group_sort(struct bl_slice *slice, uint32_t holders)
{
	bl_slice_group_remove(slice);
	slice->holders = holders;
	bl_slice_group_add(slice);
}
