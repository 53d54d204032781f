/* SPDX-License-Identifier: MIT */
/*
 * Values: numbers, sizes, ranges, names, words, lists
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_CONFIG_VALUE_H
#define BROKER_CONFIG_VALUE_H

#include "parser.h"

/*
 * Values. Where they return false, they have complained: about text that is
 * none, or one that is out of range.
 */
bool value_name(const char *text);
bool value_number(struct config_parser *parser, const char *text, uint64_t low,
		  uint64_t high, uint64_t *value);
bool value_pages(struct config_parser *parser, const char *text,
		 uint64_t *value);
/* A duration, in milliseconds; more than nothing */
bool value_duration(struct config_parser *parser, const char *text,
		    uint64_t *milliseconds);
/* "3" or "4-7" */
bool value_span(struct config_parser *parser, const char *text, uint64_t high,
		uint64_t *first, uint64_t *last);
bool value_range(struct config_parser *parser, const char *text,
		 struct barlease_range *range);
/* Which of the words, which end with NULL; or -1 */
int value_word(struct config_parser *parser, const char *text,
	       const char *const *words);
/* Call @item for each part between commas, without the blanks around it. */
void value_list(struct config_parser *parser, const char *text,
		void (*item)(struct config_parser *parser, const char *text));

#endif
