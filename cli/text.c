// SPDX-License-Identifier: MIT
/*
 * Text that others have chosen, for a terminal and for JSON
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define REPLACEMENT	"\xef\xbf\xbd"

/* What follows a first byte: how many bytes, and the least that they may say */
static size_t announced(unsigned char first, uint32_t *code, uint32_t *least)
{
	if (first < 0x80) {
		*code = first;
		*least = 0;
		return 1;
	}
	if (first >> 5 == 6) {
		*code = first & 0x1f;
		*least = 0x80;
		return 2;
	}
	if (first >> 4 == 14) {
		*code = first & 0xf;
		*least = 0x800;
		return 3;
	}
	if (first >> 3 == 30) {
		*code = first & 7;
		*least = 0x10000;
		return 4;
	}
	return 0;
}

/* Bytes of the character at @text; 0: it is none */
static size_t decode(const char *text, uint32_t *code)
{
	uint32_t least = 0;
	size_t i, n;

	*code = 0;
	n = announced((unsigned char)text[0], code, &least);
	if (!n)
		return 0;
	for (i = 1; i < n; i++) {
		/* A NUL is no such byte, either. */
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (*code < least || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

static bool steers(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	       code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

static char *escape(char *to, const char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[(unsigned char)bytes[i] >> 4];
		*to++ = digits[bytes[i] & 0xf];
	}
	return to;
}

char *text_for_terminal(const char *text)
{
	/* At worst, all of it is escaped. */
	char *result = malloc(strlen(text) * 4 + 1), *to = result;
	uint32_t code;
	size_t n;

	if (!result)
		return NULL;
	for (; *text; text += n) {
		n = decode(text, &code);
		if (!n || steers(code)) {
			n = n ?: 1;
			to = escape(to, text, n);
		} else {
			to = mempcpy(to, text, n);
		}
	}
	*to = '\0';
	return result;
}

char *text_for_json(const char *text)
{
	char *result = malloc(strlen(text) * strlen(REPLACEMENT) + 1);
	char *to = result;
	uint32_t code;
	size_t n;

	if (!result)
		return NULL;
	for (; *text; text += n ?: 1) {
		n = decode(text, &code);
		if (n)
			to = mempcpy(to, text, n);
		else
			to = stpcpy(to, REPLACEMENT);
	}
	*to = '\0';
	return result;
}

int text_vprint(FILE *to, const char *format, va_list args)
{
	size_t length = strlen(format);
	bool line = length && format[length - 1] == '\n';
	char *raw, *text;
	int n;

	n = vasprintf(&raw, format, args);
	if (n < 0)
		return n;
	if (line)
		raw[n - 1] = '\0';
	text = text_for_terminal(raw);
	free(raw);
	n = text ? fputs(text, to) : -1;
	if (n >= 0 && line)
		n = putc('\n', to);
	free(text);
	return n;
}

int text_print(FILE *to, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = text_vprint(to, format, args);
	va_end(args);
	return n;
}

bool text_close(FILE *to, char *const *text)
{
	return !fclose(to) && *text;
}
