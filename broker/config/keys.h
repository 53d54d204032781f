/* SPDX-License-Identifier: MIT */
/*
 * The keys of each kind of section
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_CONFIG_KEYS_H
#define BROKER_CONFIG_KEYS_H

#include "parser.h"

/* A key and its value, in the section that the parser is in */
void config_key(struct config_parser *parser, const char *name,
		const char *value);
/* Is all there that the section needs? */
void config_end_section(struct config_parser *parser);

#endif
