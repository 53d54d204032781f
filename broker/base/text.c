// SPDX-License-Identifier: MIT
/*
 * Text that grows
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

static bool make_room(struct text *text, size_t more)
{
	size_t room = text->room ?: 256;
	char *start;

	while (room - text->size <= more)
		room *= 2;
	if (room == text->room)
		return true;
	start = realloc(text->start, room);
	if (!start)
		return false;
	text->start = start;
	text->room = room;
	return true;
}

/* Mostly there is room, and then it is written once. */
void text_add(struct text *text, const char *format, ...)
{
	size_t left = text->room - text->size;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(left ? text->start + text->size : NULL, left, format, args);
	va_end(args);
	if (length < 0 || !make_room(text, length)) {
		text->incomplete = true;
		return;
	}
	if ((size_t)length >= left) {
		va_start(args, format);
		vsnprintf(text->start + text->size, text->room - text->size,
			  format, args);
		va_end(args);
	}
	text->size += length;
}

void text_free(struct text *text)
{
	free(text->start);
	*text = (struct text){ 0 };
}
