// SPDX-License-Identifier: MIT
/*
 * A hash table of things that have a link in them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>

#include "table.h"

#define LEAST_SIZE	16

/* FNV-1a */
uint32_t bl_hash_text(const char *text)
{
	uint32_t hash = 2166136261u;

	while (*text)
		hash = (hash ^ (unsigned char)*text++) * 16777619u;
	return hash;
}

/* Knuth's; neighbours are far from each other, and its highest bits the best */
uint32_t bl_hash_number(uint32_t number)
{
	number *= 2654435761u;
	return number ^ number >> 16;
}

static struct bl_link **chain(const struct bl_table *table, uint32_t hash)
{
	return &table->at[hash & (table->size - 1)];
}

static void put(struct bl_table *table, struct bl_link *link)
{
	struct bl_link **first = chain(table, link->hash);

	link->next = *first;
	*first = link;
}

static void move_all(struct bl_table *from, struct bl_table *to)
{
	for (size_t i = 0; i < from->size; i++) {
		struct bl_link *link, *next;

		for (link = from->at[i]; link; link = next) {
			next = link->next;
			put(to, link);
		}
	}
}

int bl_table_reserve(struct bl_table *table, size_t more)
{
	struct bl_table larger = {
		.size = table->size ?: LEAST_SIZE,
		.nr = table->nr,
	};

	while (larger.size < table->nr + more)
		larger.size *= 2;
	if (larger.size == table->size)
		return 0;
	larger.at = calloc(larger.size, sizeof(struct bl_link *));
	if (!larger.at)
		return -ENOMEM;
	move_all(table, &larger);
	free(table->at);
	*table = larger;
	return 0;
}

void bl_table_add(struct bl_table *table, struct bl_link *link, uint32_t hash)
{
	link->hash = hash;
	put(table, link);
	table->nr++;
}

void bl_table_remove(struct bl_table *table, struct bl_link *link)
{
	struct bl_link **at = chain(table, link->hash);

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	table->nr--;
}

void bl_table_free(struct bl_table *table)
{
	free(table->at);
	*table = (struct bl_table){ 0 };
}

static struct bl_link *same_hash(struct bl_link *link, uint32_t hash)
{
	while (link && link->hash != hash)
		link = link->next;
	return link;
}

struct bl_link *bl_table_find(const struct bl_table *table, uint32_t hash)
{
	return table->size ? same_hash(*chain(table, hash), hash) : NULL;
}

struct bl_link *bl_table_more(const struct bl_link *link)
{
	return same_hash(link->next, link->hash);
}

struct bl_link *bl_table_next(const struct bl_table *table,
			      const struct bl_link *link)
{
	size_t i = 0;

	if (link && link->next)
		return link->next;
	if (link)
		i = (link->hash & (table->size - 1)) + 1;
	for (; i < table->size; i++)
		if (table->at[i])
			return table->at[i];
	return NULL;
}
