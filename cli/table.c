// SPDX-License-Identifier: MIT
/*
 * A table of text, whose columns are as wide as they have to be
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../broker/base/array.h"
#include "table.h"
#include "text.h"

struct table {
	const char *const *headings;
	size_t columns;
	char **cells;
	size_t nr;
};

struct table *table_new(const char *const *headings)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->headings = headings;
	while (headings[table->columns])
		table->columns++;
	return table;
}

void table_free(struct table *table)
{
	size_t i;

	if (!table)
		return;
	for (i = 0; i < table->nr; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

int table_add(struct table *table, const char *text, ...)
{
	char *raw, *cell, **slot;
	va_list args;
	int n;

	va_start(args, text);
	n = vasprintf(&raw, text, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	cell = text_for_terminal(raw);
	free(raw);
	if (!cell)
		return -ENOMEM;
	slot = array_add(&table->cells, &table->nr, sizeof(*slot));
	if (!slot) {
		free(cell);
		return -ENOMEM;
	}
	*slot = cell;
	return 0;
}

static const char *title_of(const char *heading)
{
	return heading + strspn(heading, "?>");
}

static bool is_at_right(const char *heading)
{
	return heading[*heading == '?'] == '>';
}

/* Nothing is in it, and that is not worth a column */
static bool is_left_out(const struct table *table, size_t column)
{
	size_t i;

	if (*table->headings[column] != '?')
		return false;
	for (i = column; i < table->nr; i += table->columns)
		if (*table->cells[i])
			return false;
	return true;
}

/* Or -1 */
static int column_width(const struct table *table, size_t column)
{
	size_t width = strlen(title_of(table->headings[column])), i, n;

	if (is_left_out(table, column))
		return -1;
	for (i = column; i < table->nr; i += table->columns) {
		n = strlen(table->cells[i]);
		if (n > width)
			width = n;
	}
	return (int)width;
}

static void print_cell(const struct table *table, size_t column, int width,
		       const char *text, FILE *to)
{
	const char *heading = table->headings[column];

	if (width < 0)
		return;
	if (column)
		fputs("  ", to);
	if (*heading == '?' && !*text)
		text = "-";
	if (is_at_right(heading))
		fprintf(to, "%*s", width, text);
	else if (column + 1 < table->columns)
		fprintf(to, "%-*s", width, text);
	else
		fputs(text, to);
}

void table_print(const struct table *table, FILE *to)
{
	int widths[TABLE_COLUMNS] = { 0 };
	size_t i, column = 0;

	for (i = 0; i < table->columns; i++) {
		widths[i] = column_width(table, i);
		print_cell(table, i, widths[i], title_of(table->headings[i]),
			   to);
	}
	putc('\n', to);
	for (i = 0; i < table->nr; i++) {
		print_cell(table, column, widths[column], table->cells[i], to);
		if (++column < table->columns)
			continue;
		putc('\n', to);
		column = 0;
	}
}
