// SPDX-License-Identifier: MIT
/*
 * All slices that are on offer
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "container.h"

static struct bl_slice *find(const struct bl_table *table, const char *name)
{
	struct bl_link *link = bl_table_find(table, bl_hash_text(name));
	struct bl_slice *slice;

	for (; link; link = bl_table_more(link)) {
		slice = bl_container_of(link, struct bl_slice, link);
		if (!strcmp(slice->name, name))
			return slice;
	}
	return NULL;
}

struct bl_slice *bl_offer_find(const struct bl_books *books, const char *name)
{
	return find(&books->slices, name);
}

static void changed(struct bl_books *books)
{
	books->listing.valid = false;
	books->generation++;
}

/* What it needs before it can be offered without fail; and back */
static int prepare(struct bl_books *books, struct bl_slice *slice)
{
	int ret = bl_map_get(&books->maps, slice);

	if (!ret)
		ret = bl_window_get(&books->spaces, slice);
	if (ret)
		return ret;
	if (!slice->group_name[0])
		return 0;
	slice->group = bl_slice_group_get(books, slice->group_name);
	return slice->group ? 0 : -ENOMEM;
}

static void undo(struct bl_books *books, struct bl_slice *slice)
{
	bl_slice_group_put(books, slice->group);
	slice->group = NULL;
	bl_window_put(slice);
	bl_map_put(slice);
}

static void offer(struct bl_books *books, struct bl_slice *slice)
{
	bl_table_add(&books->slices, &slice->link, bl_hash_text(slice->name));
	bl_map_add(slice);
	bl_slice_group_add(slice);
}

/* Does another slice have one of its vectors? */
static bool clashes(const struct bl_books *books, const struct bl_slice *slice)
{
	struct bl_link *link = NULL;

	if (!slice->nr_vectors)
		return false;
	while ((link = bl_table_next(&books->slices, link)))
		if (bl_vectors_clash(slice, bl_container_of(link,
							    struct bl_slice,
							    link)))
			return true;
	return false;
}

int bl_offer_add(struct bl_books *books, struct bl_slice *slice)
{
	int ret;

	if (bl_offer_find(books, slice->name) || clashes(books, slice))
		return -EEXIST;
	ret = bl_table_reserve(&books->slices, 1);
	if (!ret)
		ret = prepare(books, slice);
	if (ret) {
		undo(books, slice);
		return ret;
	}
	offer(books, slice);
	changed(books);
	return 0;
}

void bl_offer_remove(struct bl_books *books, struct bl_slice *slice)
{
	bl_table_remove(&books->slices, &slice->link);
	bl_slice_group_remove(slice);
	bl_slice_group_put(books, slice->group);
	slice->group = NULL;
	changed(books);
}

static void mark_freed(struct bl_books *books, struct bl_slice *slice)
{
	if (slice->freed || slice->removed)
		return;
	slice->freed = true;
	LIST_INSERT_HEAD(&books->freed, slice, of_freed);
}

void bl_offer_freed(struct bl_books *books, struct bl_slice *slice)
{
	struct bl_slice *other;

	mark_freed(books, slice);
	LIST_FOREACH(other, &slice->map->slices, of_map)
		if (other != slice && bl_extents_meet(other, slice))
			mark_freed(books, other);
}

struct bl_slice *bl_offer_next_freed(struct bl_books *books)
{
	struct bl_slice *slice = LIST_FIRST(&books->freed);

	if (slice) {
		LIST_REMOVE(slice, of_freed);
		slice->freed = false;
	}
	return slice;
}

struct with_vectors {
	const struct bl_slice *slice;
	size_t number;
};

static int by_vector(const void *a, const void *b)
{
	const struct bl_slice *one = ((const struct with_vectors *)a)->slice;
	const struct bl_slice *other = ((const struct with_vectors *)b)->slice;

	if (one->device != other->device)
		return (uintptr_t)one->device < (uintptr_t)other->device ? -1 : 1;
	if (one->first_vector != other->first_vector)
		return one->first_vector < other->first_vector ? -1 : 1;
	return 0;
}

/* Has one of them a vector of another one? *@bad is which */
static int check_clashes(struct bl_slice **slices, size_t nr, size_t *bad)
{
	struct with_vectors *with = calloc(nr + 1, sizeof(*with));
	size_t count = 0;
	int ret = 0;

	*bad = nr;
	if (!with)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		if (slices[i]->nr_vectors)
			with[count++] = (struct with_vectors){ slices[i], i };
	qsort(with, count, sizeof(*with), by_vector);
	for (size_t i = 1; !ret && i < count; i++) {
		if (!bl_vectors_clash(with[i - 1].slice, with[i].slice))
			continue;
		*bad = with[i].number;
		ret = -EEXIST;
	}
	free(with);
	return ret;
}

/* @fresh: all of them by name. Finds out which of them are there already */
static int prepare_all(struct bl_books *books, struct bl_slice **slices,
		       size_t nr, struct bl_table *fresh, size_t *bad)
{
	int ret = check_clashes(slices, nr, bad);

	if (ret)
		return ret;
	ret = bl_table_reserve(fresh, nr);
	if (!ret)
		ret = bl_table_reserve(&books->slices, nr);
	for (size_t i = 0; !ret && i < nr; i++) {
		struct bl_slice *slice = slices[i];
		struct bl_slice *old = bl_offer_find(books, slice->name);

		*bad = i;
		if (find(fresh, slice->name))
			return -EEXIST;
		bl_table_add(fresh, &slice->link, bl_hash_text(slice->name));
		if (old && bl_slice_same(old, slice)) {
			slice->stays = old;
			old->stays = slice;
		} else {
			ret = prepare(books, slice);
		}
	}
	return ret;
}

static void undo_all(struct bl_books *books, struct bl_slice **slices,
		     size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		undo(books, slices[i]);
		if (slices[i]->stays)
			slices[i]->stays->stays = NULL;
		slices[i]->stays = NULL;
	}
}

static void remove_others(struct bl_books *books, struct bl_slice **gone,
			  size_t *nr_gone)
{
	struct bl_link *link = bl_table_next(&books->slices, NULL), *next;

	for (*nr_gone = 0; link; link = next) {
		struct bl_slice *slice;

		next = bl_table_next(&books->slices, link);
		slice = bl_container_of(link, struct bl_slice, link);
		if (slice->stays)
			continue;
		bl_offer_remove(books, slice);
		gone[(*nr_gone)++] = slice;
	}
}

/* It is the same, but for what makes no difference to leases */
static void update(struct bl_slice *slice)
{
	struct bl_slice *old = slice->stays;

	old->context = slice->context;
	old->max_holders = slice->max_holders;
	old->per_user = slice->per_user;
	old->grace = slice->grace;
	old->max_term = slice->max_term;
	old->stays = NULL;
	bl_slice_free(slice);
}

int bl_offer_set(struct bl_books *books, struct bl_slice **slices, size_t nr,
		 struct bl_slice ***gone, size_t *nr_gone, size_t *bad)
{
	struct bl_table fresh = { 0 };
	int ret = prepare_all(books, slices, nr, &fresh, bad);

	bl_table_free(&fresh);
	*gone = calloc(books->slices.nr + 1, sizeof(struct bl_slice *));
	if (!*gone && !ret) {
		ret = -ENOMEM;
		*bad = nr;
	}
	if (ret) {
		free(*gone);
		undo_all(books, slices, nr);
		return ret;
	}
	remove_others(books, *gone, nr_gone);
	for (size_t i = 0; i < nr; i++)
		if (slices[i]->stays)
			update(slices[i]);
		else
			offer(books, slices[i]);
	changed(books);
	return 0;
}

/* doorbell-2 comes before doorbell-10 */
static int by_name(const void *a, const void *b)
{
	const struct bl_slice *const *one = a, *const *other = b;

	return strverscmp((*one)->name, (*other)->name);
}

int bl_offer_list(struct bl_books *books)
{
	struct bl_listing *listing = &books->listing;
	struct bl_link *link = NULL;
	struct bl_slice **at;
	size_t i = 0;

	if (listing->valid)
		return 0;
	at = calloc(books->slices.nr + 1, sizeof(struct bl_slice *));
	if (!at)
		return -ENOMEM;
	while ((link = bl_table_next(&books->slices, link)))
		at[i++] = bl_container_of(link, struct bl_slice, link);
	qsort(at, i, sizeof(struct bl_slice *), by_name);
	free(listing->at);
	*listing = (struct bl_listing){ at, i, true };
	return 0;
}

void bl_books_init(struct bl_books *books)
{
	*books = (struct bl_books){ .next_id = 1 };
	LIST_INIT(&books->maps);
	LIST_INIT(&books->spaces);
	TAILQ_INIT(&books->ending);
	TAILQ_INIT(&books->kept);
	TAILQ_INIT(&books->due);
	LIST_INIT(&books->freed);
}

void bl_books_free(struct bl_books *books)
{
	struct bl_link *link = bl_table_next(&books->slices, NULL), *next;

	for (; link; link = next) {
		struct bl_slice *slice;

		next = bl_table_next(&books->slices, link);
		slice = bl_container_of(link, struct bl_slice, link);
		bl_offer_remove(books, slice);
		bl_slice_drop(slice);
	}
	free(books->listing.at);
	bl_table_free(&books->slices);
	bl_table_free(&books->groups);
	bl_table_free(&books->users);
	bl_table_free(&books->leases);
}
