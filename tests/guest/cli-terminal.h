/* SPDX-License-Identifier: MIT */
/*
 * A terminal that barlease runs on, one at a time: what it writes there, and keys
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* @words: of the command line, barlease's own name goes without saying */
void terminal_open(const char *const *words, unsigned short columns,
		   unsigned short lines);
/* Keys; what was written before that is forgotten */
void terminal_type(const char *keys);
/* Has it written this, in one go, since? */
bool terminal_has(const char *words);
/* The same of what is on the screen; waits for that */
bool terminal_shows(const char *words);
/* All that it has written since the last keys */
const char *terminal_said(size_t *length);
/* By this key. Returns its exit status, or -1 */
int terminal_end(const char *key);

#endif
