// SPDX-License-Identifier: MIT
/*
 * What barlease top shows, as lines of text
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bars.h"
#include "counts.h"
#include "frame.h"
#include "table.h"
#include "text.h"

/* What is beside the leases leaves room for as many lines of theirs. */
#define LEAST_LEASES	6

static const char *const help[] = {
	"q              quit",
	"h, ?           this",
	"up, down       select a lease; also j and k, and by pages, Home, End",
	"s, S           sort by the next column, by the one before",
	"i              sort the other way round",
	"/ TEXT Enter   show leases with this text only; Escape shows all",
	"r              revoke the selected lease; asks first",
	"Ctrl-L         draw all of it again",
	"",
	"FAULTS: page faults that the driver has filled in. REFUSED: leases, maps,",
	"faults and devices that it has not let have what they wanted.",
	"ACQUIRED and ENDED: leases. REFUSED: requests and connections of clients.",
	"GONE and BACK: devices that were taken away, and were there again.",
	"IRQS: vectors that somebody is told of. DMA: memory that the device reaches.",
	NULL,
};

/* ---- Lines ---------------------------------------------------------------------- */

/* Takes the line. Return: 0; -ENOMEM, and it is freed */
static int add_line(struct top_frame *frame, char *line)
{
	size_t room = frame->room ? frame->room * 2 : 64;
	char **lines;

	if (line && frame->nr == frame->room) {
		lines = realloc(frame->line, room * sizeof(*lines));
		if (lines) {
			frame->line = lines;
			frame->room = room;
		}
	}
	if (!line || frame->nr == frame->room) {
		free(line);
		return -ENOMEM;
	}
	frame->line[frame->nr++] = line;
	return 0;
}

static int frame_add(struct top_frame *frame, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

static int frame_add(struct top_frame *frame, const char *text, ...)
{
	va_list args;
	char *raw, *line;
	int n;

	va_start(args, text);
	n = vasprintf(&raw, text, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	line = text_for_terminal(raw);
	free(raw);
	return add_line(frame, line);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	while (*text)
		n += *text++ == '\n';
	return n;
}

/* Each ends with "\n". */
static int add_lines(struct top_frame *frame, const char *text)
{
	const char *end;
	int ret = 0;

	for (; *text && !ret; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		ret = add_line(frame, strndup(text, end - text));
	}
	return ret;
}

void top_frame_free(struct top_frame *frame)
{
	size_t i;

	for (i = 0; i < frame->nr; i++)
		free(frame->line[i]);
	free(frame->line);
	*frame = (struct top_frame){ 0 };
}

/* ---- Its parts ------------------------------------------------------------------- */

/* What there is to be drawn, and where */
struct canvas {
	const struct top_view *view;
	const struct top_look *before, *now;
	const struct top_rows *rows;
	const struct top_screen *screen;
};

/* One that is paused is held, too. */
static size_t count_state(const struct top_look *look, const char *state)
{
	const char *is;
	size_t i, n = 0;

	for (i = 0; i < look->leases.nr; i++) {
		is = record_get(&look->leases.record[i], "state");
		if (!*is || !strcmp(is, "paused"))
			is = "held";
		n += !strcmp(is, state);
	}
	return n;
}

static int add_summary(struct top_frame *frame, const struct canvas *canvas)
{
	const struct top_view *view = canvas->view;
	char clock[16] = "", found[96] = "";
	struct tm tm;

	if (localtime_r(&canvas->now->now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (*view->trouble)
		return frame_add(frame, "%s  %s", clock, view->trouble);
	if (*view->filter)
		snprintf(found, sizeof(found), "; %zu with \"%s\"",
			 canvas->rows->nr, view->filter);
	return frame_add(frame, "%s  leases: %zu held, %zu ending, %zu kept%s; every %g s, by %s%s",
		   clock, count_state(canvas->now, "held"),
		   count_state(canvas->now, "ending"),
		   count_state(canvas->now, "kept"), found,
		   view->interval / 1000.0, top_column_name(view->by),
		   view->downwards ? ", downwards" : "");
}

/* Whether so many lines, and an empty one, leave room for the leases */
static bool fits(const struct top_frame *frame, const struct canvas *canvas,
		 size_t nr)
{
	size_t height = canvas->screen->height;

	return !height || frame->nr + 1 + nr + LEAST_LEASES <= height;
}

/* The part @print()s itself. Return: 1 there was room; 0 there was not; -ENOMEM */
static int add_part(struct top_frame *frame, const struct canvas *canvas,
		    int (*print)(const struct canvas *canvas, FILE *to))
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int ret, room = 0;

	if (!to)
		return -ENOMEM;
	ret = print(canvas, to);
	if (!text_close(to, &text) && !ret)
		ret = -ENOMEM;
	if (!ret && *text && fits(frame, canvas, count_lines(text))) {
		room = 1;
		ret = frame_add(frame, "%s", "");
		if (!ret)
			ret = add_lines(frame, text);
	}
	free(text);
	return ret ?: room;
}

static int print_devices(const struct canvas *canvas, FILE *to)
{
	return top_counts_print_devices(canvas->before, canvas->now, to);
}

static int print_broker(const struct canvas *canvas, FILE *to)
{
	return top_counts_print_broker(canvas->before, canvas->now, to);
}

static int print_bars(const struct canvas *canvas, FILE *to)
{
	return top_bars_print(canvas->now, canvas->screen, false, to);
}

static int print_bars_together(const struct canvas *canvas, FILE *to)
{
	return top_bars_print(canvas->now, canvas->screen, true, to);
}

/* A line for each lease, where there is any hope of room for them */
static int add_bars(struct top_frame *frame, const struct canvas *canvas)
{
	size_t height = canvas->screen->height;
	int ret = 0;

	if (!height || canvas->now->leases.nr < height)
		ret = add_part(frame, canvas, print_bars);
	return ret ?: add_part(frame, canvas, print_bars_together);
}

static int add_parts(struct top_frame *frame, const struct canvas *canvas)
{
	int ret;

	if (*canvas->view->trouble)
		return 0;
	ret = add_part(frame, canvas, print_devices);
	if (ret >= 0)
		ret = add_part(frame, canvas, print_broker);
	if (ret >= 0)
		ret = add_bars(frame, canvas);
	return ret < 0 ? ret : 0;
}

/* Some of the leases: more than are seen are not even looked at. */
static int print_rows(const struct top_rows *rows, size_t first, size_t nr,
		      FILE *to)
{
	struct table *table = table_new(top_headings);
	size_t i, column;

	if (!table)
		return -ENOMEM;
	for (i = first; i < rows->nr && i - first < nr; i++)
		for (column = 0; column < TOP_COLUMNS; column++)
			table_add(table, "%s", rows->row[i].cell[column]);
	table_print(table, to);
	table_free(table);
	return 0;
}

static int add_rows(struct top_frame *frame, const struct top_rows *rows,
		    size_t first)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int ret;

	if (!to)
		return -ENOMEM;
	ret = print_rows(rows, first, frame->page, to);
	if (!text_close(to, &text) && !ret)
		ret = -ENOMEM;
	if (!ret)
		ret = add_lines(frame, text);
	free(text);
	return ret;
}

/* The page that the selected one is on, below its heading */
static int add_leases(struct top_frame *frame, const struct canvas *canvas)
{
	size_t height = canvas->screen->height, at = canvas->view->at, first;
	int ret = 0;

	if (!height || frame->nr + LEAST_LEASES < height)
		ret = frame_add(frame, "%s", "");
	/* The heading and the last line */
	if (ret || (height && frame->nr + 2 >= height))
		return ret;
	frame->page = height ? height - frame->nr - 2 : SIZE_MAX;
	first = at / frame->page * frame->page;
	frame->heading = frame->nr;
	if (height && canvas->rows->nr)
		frame->selected = frame->heading + 1 + at - first;
	return add_rows(frame, canvas->rows, first);
}

static int add_help(struct top_frame *frame, const struct canvas *canvas)
{
	size_t height = canvas->screen->height, i;
	int ret = frame_add(frame, "%s", "");

	for (i = 0; help[i] && frame->nr < height && !ret; i++)
		ret = frame_add(frame, "%s", help[i]);
	return ret;
}

/* For whoever is at the keys: at the bottom, whatever there is room for else */
static int add_last(struct top_frame *frame, const struct canvas *canvas)
{
	const struct top_view *view = canvas->view;
	size_t height = canvas->screen->height;
	int ret = 0;

	while (frame->nr >= height)
		free(frame->line[--frame->nr]);
	while (frame->nr + 1 < height && !ret)
		ret = frame_add(frame, "%s", "");
	if (ret)
		return ret;
	if (view->mode == TOP_FILTER)
		return frame_add(frame, "show leases with: %s_", view->filter);
	if (view->mode == TOP_HELP)
		return frame_add(frame, "%s", "q quits, any other key goes back");
	if (*view->said)
		return frame_add(frame, "%s", view->said);
	return frame_add(frame, "%s", "q quit  h help  s sort  i inverse  / filter  r revoke");
}

static int draw(struct top_frame *frame, const struct canvas *canvas)
{
	int ret;

	ret = add_summary(frame, canvas);
	if (!ret && canvas->view->mode == TOP_HELP) {
		ret = add_help(frame, canvas);
	} else if (!ret) {
		ret = add_parts(frame, canvas);
		if (!ret)
			ret = add_leases(frame, canvas);
	}
	if (!ret && canvas->screen->height)
		ret = add_last(frame, canvas);
	return ret;
}

int top_frame_make(const struct top_view *view, const struct top_look *before,
		   const struct top_look *now, const struct top_rows *rows,
		   const struct top_screen *screen, struct top_frame *frame)
{
	const struct canvas canvas = { view, before, now, rows, screen };
	int ret;

	*frame = (struct top_frame){
		.heading = TOP_NOWHERE,
		.selected = TOP_NOWHERE,
		.page = 1,
	};
	ret = draw(frame, &canvas);
	if (ret)
		top_frame_free(frame);
	return ret;
}
