// SPDX-License-Identifier: MIT
/*
 * Values: numbers, sizes, ranges, names, words, lists
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "value.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c);
}

bool value_name(const char *text)
{
	static const char fine[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strlen(text);

	return length && length < BARLEASE_NAME_MAX &&
	       strspn(text, fine) == length;
}

static unsigned int suffix_shift(char suffix)
{
	switch (suffix) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	}
	return 0;
}

/* A number at *@at, which is left behind it. 0, -EINVAL, -ERANGE */
static int number_at(const char **at, uint64_t *value)
{
	bool hex = (*at)[0] == '0' && ((*at)[1] == 'x' || (*at)[1] == 'X');
	unsigned int shift;
	char *end;

	if (hex ? !is_hex((*at)[2]) : !is_digit((*at)[0]))
		return -EINVAL;
	/* Is 010 eight or ten? */
	if (!hex && (*at)[0] == '0' && is_digit((*at)[1]))
		return -EINVAL;

	errno = 0;
	*value = strtoull(*at, &end, hex ? 16 : 10);
	if (errno)
		return -ERANGE;
	shift = suffix_shift(*end);
	if (*value > UINT64_MAX >> shift)
		return -ERANGE;
	*value <<= shift;
	*at = end + !!shift;
	return 0;
}

static void complain_number(struct config_parser *parser, const char *text,
			    int error)
{
	if (error == -ERANGE)
		complain(parser, "\"%.60s\" is larger than 64 bits can hold",
			 text);
	else
		complain(parser,
			 "\"%.60s\" is no number; 4096, 0x1000, 4K, 2M and 1G are",
			 text);
}

bool value_number(struct config_parser *parser, const char *text, uint64_t low,
		  uint64_t high, uint64_t *value)
{
	const char *at = text;
	int ret = number_at(&at, value);

	if (ret || *at) {
		complain_number(parser, text, ret);
		return false;
	}
	if (*value < low || *value > high) {
		complain(parser, "%.60s is out of range; %" PRIu64 " to %" PRIu64 " is right",
			 text, low, high);
		return false;
	}
	return true;
}

bool value_duration(struct config_parser *parser, const char *text,
		    uint64_t *milliseconds)
{
	int ret = duration_parse(text, milliseconds);

	if (!ret && *milliseconds)
		return true;
	if (ret == -ERANGE)
		complain(parser, "\"%.60s\" is more than a hundred years", text);
	else
		complain(parser,
			 "\"%.60s\" is no time; " DURATION_EXAMPLES " are",
			 text);
	return false;
}

bool value_span(struct config_parser *parser, const char *text, uint64_t high,
		uint64_t *first, uint64_t *last)
{
	const char *at = text;
	int ret = number_at(&at, first);

	*last = *first;
	if (!ret && *at == '-') {
		at++;
		ret = number_at(&at, last);
	}
	if (ret || *at || *first > *last || *last > high) {
		complain(parser,
			 "\"%.60s\" is none of the numbers from 0 to %" PRIu64
			 ", and no span of them; 3 and 4-7 are",
			 text, high);
		return false;
	}
	return true;
}

uint64_t config_page(void)
{
	return sysconf(_SC_PAGESIZE);
}

static bool whole_pages(struct config_parser *parser, const char *what,
			uint64_t value)
{
	uint64_t page = config_page(), below = value & ~(page - 1);

	if (!(value & (page - 1)))
		return true;
	complain(parser,
		 "the %s %#" PRIx64 " is no multiple of a page, %#" PRIx64 "; %#" PRIx64 " is one",
		 what, value, page, below ?: page);
	return false;
}

bool value_pages(struct config_parser *parser, const char *text,
		 uint64_t *value)
{
	return value_number(parser, text, 1, INT64_MAX, value) &&
	       whole_pages(parser, "number", *value);
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

bool value_range(struct config_parser *parser, const char *text,
		 struct barlease_range *range)
{
	const char *at = text;
	int ret = number_at(&at, &range->offset);

	if (!ret) {
		at = skip_blanks(at);
		ret = *at++ == '+' ? 0 : -EINVAL;
	}
	if (!ret) {
		at = skip_blanks(at);
		ret = number_at(&at, &range->length);
	}
	if (ret == -ERANGE) {
		complain_number(parser, text, ret);
		return false;
	}
	if (ret || *at) {
		complain(parser,
			 "\"%.60s\" is no range; OFFSET+LENGTH is, such as 0x1000+4K",
			 text);
		return false;
	}
	if (!whole_pages(parser, "offset", range->offset) ||
	    !whole_pages(parser, "length", range->length))
		return false;
	if (!range->length) {
		complain(parser, "\"%.60s\" is empty; a length of at least %#" PRIx64 " is right",
			 text, config_page());
		return false;
	}
	if (range->length > INT64_MAX ||
	    range->offset > INT64_MAX - range->length) {
		complain(parser, "\"%.60s\" ends where no BAR can", text);
		return false;
	}
	return true;
}

int value_word(struct config_parser *parser, const char *text,
	       const char *const *words)
{
	char list[80] = "";
	size_t length = 0;

	for (int i = 0; words[i]; i++) {
		if (!strcmp(text, words[i]))
			return i;
		length += snprintf(list + length, sizeof(list) - length, "%s%s",
				   i ? ", " : "", words[i]);
	}
	complain(parser, "\"%.60s\" is not one of: %s", text, list);
	return -1;
}

void value_list(struct config_parser *parser, const char *text,
		void (*item)(struct config_parser *parser, const char *text))
{
	char *copy = strdup(text), *rest = copy, *part;

	if (!copy) {
		parser->error = -ENOMEM;
		return;
	}
	while ((part = strsep(&rest, ","))) {
		size_t length;

		part += strspn(part, " \t");
		length = strlen(part);
		while (length && strchr(" \t", part[length - 1]))
			part[--length] = '\0';
		if (length)
			item(parser, part);
		else
			complain(parser, "nothing before, after or between commas");
	}
	free(copy);
}
