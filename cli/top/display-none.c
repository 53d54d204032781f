// SPDX-License-Identifier: MIT
/*
 * No display, where there is no ncurses
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>

#include "display.h"

int display_open(void)
{
	return -ENOSYS;
}

void display_close(void)
{
}

struct top_screen display_screen(void)
{
	return (struct top_screen){ 0 };
}

void display_draw(const struct top_frame *frame)
{
	(void)frame;
}

int display_key(int ms)
{
	(void)ms;
	return TOP_KEY_GONE;
}
