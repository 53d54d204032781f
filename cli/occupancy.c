// SPDX-License-Identifier: MIT
/*
 * A drawing of which bytes of a BAR are taken
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "occupancy.h"
#include "size.h"
#include "text.h"

/* Below this, a drawing shows nothing; above it, it shows nothing more. */
#define FEWEST_COLUMNS	16
#define MOST_COLUMNS	256

/* A screen narrower than this has fewer numbers on its ruler. */
#define WIDE_COLUMNS	64

struct canvas {
	uint64_t size;
	unsigned int columns;
	int margin;		/* for labels */
	const struct glyphs *glyphs;
};

static const struct glyphs {
	const char *tick, *dash;
	const char *edge;
	const char *fill[3];
} ascii_glyphs = {
	"|", "-", "|", { " ", "+", "#" },
}, unicode_glyphs = {
	"┼", "─", "│", { " ", "▒", "█" },
};

static int by_offset(const void *a, const void *b)
{
	const struct extent *left = a, *right = b;

	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* Sorts them in place, and joins those that touch; returns how many are left */
static size_t merge(struct extent *extents, size_t nr)
{
	struct extent *last = extents;
	uint64_t end, last_end;
	size_t i;

	if (!nr)
		return 0;
	qsort(extents, nr, sizeof(*extents), by_offset);
	for (i = 1; i < nr; i++) {
		end = extents[i].offset + extents[i].length;
		last_end = last->offset + last->length;
		if (extents[i].offset > last_end)
			*++last = extents[i];
		else if (end > last_end)
			last->length = end - last->offset;
	}
	return last - extents + 1;
}

/* Of all occupants, for free(), or NULL */
static struct extent *gather(const struct occupant *occupants, size_t nr,
			     size_t *nr_extents)
{
	struct extent *extents;
	size_t i, n = 0;

	for (i = 0; i < nr; i++)
		n += occupants[i].nr_extents;
	extents = calloc(n ?: 1, sizeof(*extents));
	if (!extents)
		return NULL;
	n = 0;
	for (i = 0; i < nr; i++) {
		if (!occupants[i].nr_extents)
			continue;
		memcpy(extents + n, occupants[i].extents,
		       occupants[i].nr_extents * sizeof(*extents));
		n += occupants[i].nr_extents;
	}
	*nr_extents = merge(extents, n);
	return extents;
}

/* How many of the bytes from @from up to, not including, @to they have */
static uint64_t overlap(const struct extent *extents, size_t nr, uint64_t from,
			uint64_t to)
{
	uint64_t sum = 0, start, end;
	size_t i;

	for (i = 0; i < nr; i++) {
		start = extents[i].offset;
		end = start + extents[i].length;
		if (start < from)
			start = from;
		if (end > to)
			end = to;
		if (start < end)
			sum += end - start;
	}
	return sum;
}

int occupancy_taken(const struct occupant *occupants, size_t nr,
		    uint64_t *taken)
{
	struct extent *extents;
	size_t nr_extents;

	extents = gather(occupants, nr, &nr_extents);
	if (!extents)
		return -ENOMEM;
	*taken = overlap(extents, nr_extents, 0, UINT64_MAX);
	free(extents);
	return 0;
}

static int margin(const struct occupant *occupants, size_t nr)
{
	int length, longest = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		length = (int)strlen(occupants[i].label);
		if (length > longest)
			longest = length;
	}
	return longest;
}

unsigned int occupancy_columns(const struct occupant *occupants, size_t nr,
			       unsigned int width)
{
	unsigned int columns = MOST_COLUMNS;
	/* A space behind the label, and both edges */
	unsigned int rest = margin(occupants, nr) + 3;

	while (columns > FEWEST_COLUMNS && columns + rest > width)
		columns /= 2;
	return columns;
}

/* Where a column begins, also in a BAR whose size is no power of two */
static uint64_t column_start(const struct canvas *canvas, unsigned int column)
{
	unsigned int columns = canvas->columns;

	return canvas->size / columns * column +
	       canvas->size % columns * column / columns;
}

static void draw_lane(const struct canvas *canvas, const char *label,
		      const struct extent *extents, size_t nr, FILE *to)
{
	const struct glyphs *glyphs = canvas->glyphs;
	uint64_t from, end, has;
	unsigned int i;

	fprintf(to, "%-*s %s", canvas->margin, label, glyphs->edge);
	for (i = 0; i < canvas->columns; i++) {
		from = column_start(canvas, i);
		end = column_start(canvas, i + 1);
		has = overlap(extents, nr, from, end);
		fputs(glyphs->fill[!has ? 0 : has < end - from ? 1 : 2], to);
	}
	fputs(glyphs->edge, to);
}

static bool is_tick(const struct canvas *canvas, unsigned int column)
{
	unsigned int parts = canvas->columns < WIDE_COLUMNS ? 2 : 4;

	return column % (canvas->columns / parts) == 0;
}

/* A number begins above its tick; that of the BAR's end ends there. */
static void draw_numbers(const struct canvas *canvas, FILE *to)
{
	struct size_text end = size_text(canvas->size), text;
	unsigned int at = 0, i, last;

	last = canvas->columns + 1 - strlen(end.text);
	fprintf(to, "%*s", canvas->margin + 2, "");
	for (i = 0; i < canvas->columns; i++) {
		if (!is_tick(canvas, i))
			continue;
		text = size_text(column_start(canvas, i));
		if (!i)
			snprintf(text.text, sizeof(text.text), "0");
		/* No room before the end's number */
		if (i + strlen(text.text) >= last)
			break;
		at += fprintf(to, "%*s%s", (int)(i - at), "", text.text);
	}
	fprintf(to, "%*s%s", (int)(last - at), "", end.text);
}

static void draw_ruler(const struct canvas *canvas, FILE *to)
{
	const struct glyphs *glyphs = canvas->glyphs;
	unsigned int i;

	fprintf(to, "%*s", canvas->margin + 2, "");
	for (i = 0; i < canvas->columns; i++)
		fputs(is_tick(canvas, i) ? glyphs->tick : glyphs->dash, to);
	fputs(glyphs->tick, to);
}

static int draw_all(const struct canvas *canvas,
		    const struct occupant *occupants, size_t nr, FILE *to)
{
	struct extent *extents;
	size_t i, nr_extents;

	draw_numbers(canvas, to);
	putc('\n', to);
	draw_ruler(canvas, to);
	for (i = 0; i < nr; i++) {
		extents = gather(&occupants[i], 1, &nr_extents);
		if (!extents)
			return -ENOMEM;
		putc('\n', to);
		draw_lane(canvas, occupants[i].label, extents, nr_extents, to);
		free(extents);
	}
	return 0;
}

/* @text becomes that of the first line, and the others' with it. */
static int split(char *text, size_t nr_lines, char ***result)
{
	char **lines, *next = text;
	size_t i;

	lines = calloc(nr_lines + 1, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	for (i = 0; i < nr_lines; i++)
		lines[i] = strsep(&next, "\n");
	*result = lines;
	return 0;
}

int occupancy_draw(uint64_t size, const struct occupant *occupants, size_t nr,
		   unsigned int width, bool ascii, char ***lines)
{
	struct canvas canvas = {
		.size = size,
		.columns = occupancy_columns(occupants, nr, width),
		.margin = margin(occupants, nr),
		.glyphs = ascii ? &ascii_glyphs : &unicode_glyphs,
	};
	char *text = NULL;
	size_t length;
	FILE *to;
	int ret;

	to = open_memstream(&text, &length);
	if (!to)
		return -ENOMEM;
	ret = draw_all(&canvas, occupants, nr, to);
	if (!text_close(to, &text) && !ret)
		ret = -ENOMEM;
	if (!ret)
		ret = split(text, nr + 2, lines);
	if (ret)
		free(text);
	return ret;
}

void occupancy_free(char **lines)
{
	free(lines[0]);
	free(lines);
}
