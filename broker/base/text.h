/* SPDX-License-Identifier: MIT */
/*
 * Text that grows, and knows whether all of it is there
 *
 * Copyright (C) 2026 The barlease authors
 *
 * open_memstream() forgets what it had no memory for, and says that all is well.
 */
#ifndef BROKER_TEXT_H
#define BROKER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct text - all zero is an empty one
 * @start: with a '\0' at its end; NULL while it is empty
 * @size: without that
 * @incomplete: something had no room
 */
struct text {
	char *start;
	size_t size;
	size_t room;
	bool incomplete;
};

void text_add(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* It is empty then */
void text_free(struct text *text);

#endif
