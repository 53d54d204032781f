/* SPDX-License-Identifier: MIT */
/*
 * What barlease top shows, as lines of text
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_TOP_FRAME_H
#define CLI_TOP_FRAME_H

#include "view.h"

/**
 * struct top_screen - what the lines are for
 * @width: columns
 * @height: how many lines there may be; 0: any number, and none for keys
 * @ascii: draw with ASCII characters
 */
struct top_screen {
	unsigned int width;
	unsigned int height;
	bool ascii;
};

/* No line */
#define TOP_NOWHERE	((size_t)-1)

/**
 * struct top_frame - the lines
 * @line: fit for a terminal, but for their widths; @nr of them
 * @heading: which one is that of the leases, or TOP_NOWHERE
 * @selected: which one is the selected lease, or TOP_NOWHERE
 * @page: how many leases there is room for; never 0
 */
struct top_frame {
	char **line;
	size_t nr;
	size_t room;
	size_t heading;
	size_t selected;
	size_t page;
};

/**
 * top_frame_make() - draw it
 * @view: how it is looked at; its selected lease is one of @rows
 * @before: the look before, for what there is a second; NULL: there is none
 * @now: what there is to be seen
 * @rows: leases of it
 * @screen: where
 * @frame: receives the lines, for top_frame_free()
 *
 * What there is no room for is left out: first the drawings of BARs, last the
 * leases.
 *
 * Return: 0; -EPROTO a lease has no bytes that make sense; -ENOMEM
 */
int top_frame_make(const struct top_view *view, const struct top_look *before,
		   const struct top_look *now, const struct top_rows *rows,
		   const struct top_screen *screen, struct top_frame *frame);
void top_frame_free(struct top_frame *frame);

#endif
