/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the parser share
 *
 * Copyright (C) 2026 The barlease authors
 *
 * parse.c goes through lines and sections, keys.c knows what
 * keys there are, value.c reads numbers and the like, check.c
 * looks at the whole when all lines have been read.
 */
#ifndef BROKER_CONFIG_PARSER_H
#define BROKER_CONFIG_PARSER_H

#include "config.h"

/* More would be more than a client can list in a reasonable time. */
#define MOST_SLICES	65536u

enum config_section {
	SECTION_NONE,		/* before the first one */
	SECTION_UNKNOWN,	/* complained about: its keys are passed over */
	SECTION_BROKER,
	SECTION_DEVICE,
	SECTION_SLICE,
};

/**
 * struct config_parser - where the parser is
 * @line: number of it
 * @section: which kind of
 * @section_line: where it began
 * @seen: one bit for each of its keys that was there
 * @error: -ENOMEM from when on there was none
 */
struct config_parser {
	struct config *config;
	struct config_errors *errors;
	const struct config_names *names;
	unsigned int line;
	enum config_section section;
	unsigned int section_line;
	unsigned long seen;
	int error;
};

/* Something is wrong in the line that the parser is in. */
void complain(struct config_parser *parser, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

/* Those of the section that the parser is in */
struct config_device *parser_device(const struct config_parser *parser);
struct config_rule *parser_rule(const struct config_parser *parser);

/* A key and its value, in the section that the parser is in */
void config_key(struct config_parser *parser, const char *name,
		const char *value);
/* Is all there that the section needs? */
void config_end_section(struct config_parser *parser);

/* When all is read: from rules to slices, and whether they get along */
int config_check(struct config_parser *parser);

/*
 * Values. Where they return false, they have complained: about text that is
 * none, or one that is out of range.
 */
bool value_name(const char *text);
bool value_number(struct config_parser *parser, const char *text, uint64_t low,
		  uint64_t high, uint64_t *value);
bool value_pages(struct config_parser *parser, const char *text,
		 uint64_t *value);
bool value_range(struct config_parser *parser, const char *text,
		 struct barlease_range *range);
/* Which of the words, which end with NULL; or -1 */
int value_word(struct config_parser *parser, const char *text,
	       const char *const *words);
/* Call @item for each part between commas, without the blanks around it. */
void value_list(struct config_parser *parser, const char *text,
		void (*item)(struct config_parser *parser, const char *text));

#endif
