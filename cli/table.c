// SPDX-License-Identifier: MIT
/*
 * A table of text, whose columns are as wide as they have to be
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

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
	char **cells, *cell;
	va_list args;
	int n;

	cells = realloc(table->cells, (table->nr + 1) * sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	table->cells = cells;
	va_start(args, text);
	n = vasprintf(&cell, text, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	cells[table->nr++] = cell;
	return 0;
}

static size_t column_width(const struct table *table, size_t column)
{
	const char *heading = table->headings[column];
	size_t width = strlen(heading) - (*heading == '>'), i, n;

	for (i = column; i < table->nr; i += table->columns) {
		n = strlen(table->cells[i]);
		if (n > width)
			width = n;
	}
	return width;
}

static void print_cell(const struct table *table, size_t column,
		       const char *text, FILE *to)
{
	int width = (int)column_width(table, column);

	if (column)
		fputs("  ", to);
	if (*table->headings[column] == '>')
		fprintf(to, "%*s", width, text);
	else if (column + 1 < table->columns)
		fprintf(to, "%-*s", width, text);
	else
		fputs(text, to);
}

void table_print(const struct table *table, FILE *to)
{
	const char *heading;
	size_t i, column = 0;

	for (i = 0; i < table->columns; i++) {
		heading = table->headings[i];
		print_cell(table, i, heading + (*heading == '>'), to);
	}
	putc('\n', to);
	for (i = 0; i < table->nr; i++) {
		print_cell(table, column, table->cells[i], to);
		if (++column < table->columns)
			continue;
		putc('\n', to);
		column = 0;
	}
}
