// SPDX-License-Identifier: MIT
/*
 * How barlease top is looked at, and what its keys do
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "view.h"

void top_say(struct top_view *view, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	vsnprintf(view->said, sizeof(view->said), text, args);
	va_end(args);
}

void top_complain(struct top_view *view, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	vsnprintf(view->trouble, sizeof(view->trouble), text, args);
	va_end(args);
}

/* ---- The selected lease -------------------------------------------------------- */

static void select_at(struct top_view *view, const struct top_rows *rows,
		      size_t at)
{
	if (at >= rows->nr)
		at = rows->nr ? rows->nr - 1 : 0;
	view->at = at;
	view->selected = rows->nr ? rows->row[at].id : 0;
}

void top_select(struct top_view *view, const struct top_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->nr; i++)
		if (rows->row[i].id == view->selected)
			break;
	select_at(view, rows, i < rows->nr ? i : view->at);
}

static void move_up(struct top_view *view, const struct top_rows *rows,
		    size_t by)
{
	select_at(view, rows, view->at > by ? view->at - by : 0);
}

static void move_down(struct top_view *view, const struct top_rows *rows,
		      size_t by)
{
	select_at(view, rows, view->at + by);
}

/* Return: whether it is a key that moves */
static bool move(struct top_view *view, const struct top_rows *rows,
		 size_t page, int key)
{
	switch (key) {
	case 'k':
	case TOP_KEY_UP:
		move_up(view, rows, 1);
		return true;
	case 'j':
	case TOP_KEY_DOWN:
		move_down(view, rows, 1);
		return true;
	case TOP_KEY_PAGE_UP:
		move_up(view, rows, page);
		return true;
	case TOP_KEY_PAGE_DOWN:
		move_down(view, rows, page);
		return true;
	case TOP_KEY_HOME:
		select_at(view, rows, 0);
		return true;
	case TOP_KEY_END:
		select_at(view, rows, rows->nr);
		return true;
	default:
		return false;
	}
}

/* ---- Each mode ------------------------------------------------------------------- */

static void ask(struct top_view *view, const struct top_rows *rows)
{
	const struct top_row *row;

	if (!view->selected) {
		top_say(view, "there is no lease to be revoked");
		return;
	}
	row = &rows->row[view->at];
	view->mode = TOP_ASK;
	view->asked = row->id;
	top_say(view, "revoke lease %" PRIu64 " (%s) of %s? y or n", row->id,
		row->cell[TOP_SLICE], row->cell[TOP_USER]);
}

static enum top_wish key_of_list(struct top_view *view,
				 const struct top_rows *rows, size_t page,
				 int key)
{
	view->said[0] = '\0';
	if (move(view, rows, page, key))
		return TOP_NOTHING;
	switch (key) {
	case 'q':
		return TOP_QUIT;
	case 'h':
	case '?':
		view->mode = TOP_HELP;
		break;
	case 's':
		view->by = (view->by + 1) % TOP_COLUMNS;
		break;
	case 'S':
		view->by = (view->by + TOP_COLUMNS - 1) % TOP_COLUMNS;
		break;
	case 'i':
		view->downwards = !view->downwards;
		break;
	case '/':
		view->mode = TOP_FILTER;
		break;
	case TOP_KEY_ESCAPE:
		view->filter[0] = '\0';
		break;
	case 'r':
		ask(view, rows);
		break;
	}
	return TOP_NOTHING;
}

/* A character may have several bytes. */
static void erase_last(char *text)
{
	size_t n = strlen(text);

	while (n && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--;
	text[n ? n - 1 : 0] = '\0';
}

static void key_of_filter(struct top_view *view, int key)
{
	size_t n = strlen(view->filter);

	if (key == TOP_KEY_ERASE) {
		erase_last(view->filter);
	} else if (key == TOP_KEY_ENTER) {
		view->mode = TOP_LIST;
	} else if (key == TOP_KEY_ESCAPE) {
		view->filter[0] = '\0';
		view->mode = TOP_LIST;
	} else if (key >= ' ' && key < 0x100 && key != 0x7f &&
		   n + 1 < sizeof(view->filter)) {
		view->filter[n] = (char)key;
		view->filter[n + 1] = '\0';
	}
}

/* Nothing but "y" is a yes. */
static enum top_wish key_of_question(struct top_view *view, int key)
{
	view->mode = TOP_LIST;
	if (key == 'y' || key == 'Y')
		return TOP_REVOKE;
	top_say(view, "lease %" PRIu64 " is left alone", view->asked);
	return TOP_NOTHING;
}

enum top_wish top_key(struct top_view *view, const struct top_rows *rows,
		      size_t page, int key)
{
	if (key == TOP_KEY_NONE)
		return TOP_NOTHING;
	if (key == TOP_KEY_GONE)
		return TOP_QUIT;
	switch (view->mode) {
	case TOP_HELP:
		view->mode = TOP_LIST;
		return key == 'q' ? TOP_QUIT : TOP_NOTHING;
	case TOP_FILTER:
		key_of_filter(view, key);
		return TOP_NOTHING;
	case TOP_ASK:
		return key_of_question(view, key);
	default:
		return key_of_list(view, rows, page, key);
	}
}
