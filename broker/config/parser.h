/* SPDX-License-Identifier: MIT */
/*
 * Where the parser is, for all its parts
 *
 * Copyright (C) 2026 The barlease authors
 *
 * parse.c goes through lines and sections, and calls keys.c, which knows what
 * keys there are; that calls value.c, which reads numbers and the like. check.c
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
	SECTION_LISTENER,
};

/* A name that was looked up before, and what came of it */
struct config_known {
	int (*look_up)(const char *name, uint32_t *id);
	char name[64];
	uint32_t id;
	int ret;
};

#define CONFIG_KNOWN	16

/**
 * struct config_parser - where the parser is
 * @line: number of it
 * @section: which kind of
 * @section_line: where it began
 * @seen: one bit for each of its keys that was there
 * @known: the latest names; a file has few of them, many times over
 * @nr_known: how many there were in all
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
	struct config_known known[CONFIG_KNOWN];
	unsigned int nr_known;
	int error;
};

/* Something is wrong in the line that the parser is in. */
void complain(struct config_parser *parser, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

/* Those of the section that the parser is in */
struct config_device *parser_device(const struct config_parser *parser);
struct config_rule *parser_rule(const struct config_parser *parser);
struct config_listener *parser_listener(const struct config_parser *parser);
/* Of a section that says whom it means */
struct config_who *parser_who(const struct config_parser *parser);

#endif
