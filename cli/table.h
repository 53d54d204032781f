/* SPDX-License-Identifier: MIT */
/*
 * A table of text, whose columns are as wide as they have to be
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct table;

/* The most that a table can have */
#define TABLE_COLUMNS	16

/**
 * table_new() - a table with a heading
 * @headings: of the columns; one that begins with ">" has its column's text at
 *   its right edge. With "?" before that, the column is left out where all of its
 *   cells are empty; one of them is "-" else. Not for the first or the last column.
 *   Ends with NULL, and outlives the table.
 *
 * Return: the table, for table_free(); NULL without memory
 */
struct table *table_new(const char *const *headings);
void table_free(struct table *table);

/*
 * The next cell of the current row; a full row is followed by the next. Its text
 * may be whatever others have chosen, see text.h.
 */
int table_add(struct table *table, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

/* Nothing but the heading is written of a table without rows. */
void table_print(const struct table *table, FILE *to);

#endif
