/* SPDX-License-Identifier: MIT */
/*
 * A hash table of things that have a link in them
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Room is made before something is added, so that adding cannot fail: a change of
 * several parts is never stuck in the middle.
 */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct bl_link {
	struct bl_link *next;
	uint32_t hash;
};

/**
 * struct bl_table - all of them
 * @at: chains of those whose hashes have the same lowest bits
 * @size: how many chains: a power of two, or 0
 */
struct bl_table {
	struct bl_link **at;
	size_t size;
	size_t nr;
};

uint32_t bl_hash_text(const char *text);
uint32_t bl_hash_number(uint32_t number);

/* Room for @more than there are. Return: 0; -ENOMEM */
int bl_table_reserve(struct bl_table *table, size_t more);
void bl_table_add(struct bl_table *table, struct bl_link *link, uint32_t hash);
void bl_table_remove(struct bl_table *table, struct bl_link *link);
void bl_table_free(struct bl_table *table);

/* Those of one hash, one after the other; NULL at the end */
struct bl_link *bl_table_find(const struct bl_table *table, uint32_t hash);
struct bl_link *bl_table_more(const struct bl_link *link);

/*
 * All, in no order. @link: the last one, NULL at first. It may be removed once the
 * one after it is known.
 */
struct bl_link *bl_table_next(const struct bl_table *table,
			      const struct bl_link *link);

#endif
