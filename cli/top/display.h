/* SPDX-License-Identifier: MIT */
/*
 * A terminal that lines of text are shown on, all of it at once, and its keys
 *
 * Copyright (C) 2026 The barlease authors
 *
 * By ncurses; a program that has none of it has no display.
 */
#ifndef CLI_TOP_DISPLAY_H
#define CLI_TOP_DISPLAY_H

#include "frame.h"

/*
 * The terminal on stdin and stdout. Return: 0; -ENOTTY there is none; -ENOSYS this
 * program has none of ncurses; -ENOENT nobody knows $TERM
 */
int display_open(void);
/* As it was before */
void display_close(void);

/* How large it is now, and what it can show */
struct top_screen display_screen(void);
void display_draw(const struct top_frame *frame);
/* TOP_KEY_NONE when none comes within this time, or the size has changed */
int display_key(int ms);

#endif
