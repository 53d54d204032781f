// SPDX-License-Identifier: MIT
/*
 * Where the parser is, for all its parts
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdarg.h>

#include "parser.h"

void complain(struct config_parser *parser, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	config_vcomplain(parser->errors, parser->line, text, args);
	va_end(args);
}

struct config_device *parser_device(const struct config_parser *parser)
{
	return &parser->config->devices[parser->config->nr_devices - 1];
}

struct config_rule *parser_rule(const struct config_parser *parser)
{
	return &parser->config->rules[parser->config->nr_rules - 1];
}

struct config_listener *parser_listener(const struct config_parser *parser)
{
	return &parser->config->listeners[parser->config->nr_listeners - 1];
}

struct config_who *parser_who(const struct config_parser *parser)
{
	if (parser->section == SECTION_LISTENER)
		return &parser_listener(parser)->who;
	return &parser_rule(parser)->who;
}
