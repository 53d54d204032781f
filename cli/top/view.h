/* SPDX-License-Identifier: MIT */
/*
 * How barlease top is looked at, and what its keys do
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_TOP_VIEW_H
#define CLI_TOP_VIEW_H

#include "model.h"

/* Keys that are no characters */
enum top_keys {
	TOP_KEY_NONE	= 0,
	TOP_KEY_UP	= 0x100,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ERASE,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_GONE,		/* the terminal is */
};

enum top_mode {
	TOP_LIST,
	TOP_HELP,
	TOP_FILTER,		/* its text is typed */
	TOP_ASK,		/* whether to revoke */
};

/**
 * struct top_view - how it is looked at
 * @mode: what keys are for
 * @interval: milliseconds from one look to the next
 * @by: the column that leases are sorted by, @downwards or not
 * @filter: text that shown leases have
 * @selected: number of the selected lease, which is the one at @at; 0: none
 * @asked: number of the lease that is to be revoked, if the answer is yes
 * @said: for the last line; "" for what the keys are
 * @trouble: why there is nothing to be seen, or ""
 */
struct top_view {
	enum top_mode mode;
	unsigned int interval;
	enum top_column by;
	bool downwards;
	char filter[64];
	uint64_t selected;
	size_t at;
	uint64_t asked;
	char said[256];
	char trouble[256];
};

/* To the last line, until a key is pressed */
void top_say(struct top_view *view, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

/* To the first line, until there is something to be seen again */
void top_complain(struct top_view *view, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

/* Follows the selected lease; the one in its place where it is no more */
void top_select(struct top_view *view, const struct top_rows *rows);

enum top_wish {
	TOP_NOTHING,
	TOP_QUIT,
	TOP_REVOKE,		/* the lease that was asked about */
};

/*
 * What a key does. @rows: that are shown, one of which is selected; @page: how
 * many of them are seen at once
 */
enum top_wish top_key(struct top_view *view, const struct top_rows *rows,
		      size_t page, int key);

#endif
