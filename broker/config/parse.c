// SPDX-License-Identifier: MIT
/*
 * From text to lines, sections and keys
 *
 * Copyright (C) 2026 The barlease authors
 *
 * libinih takes one line at a time: as Debian and others build it, it tells
 * neither the number of a line nor of a section without keys, shortens long
 * names without a word, and remembers only the first line that it did not
 * understand. So sections and line numbers are kept here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "base/array.h"
#include "check.h"
#include "keys.h"
#include "parse.h"
#include "value.h"

/* libinih's own limit is 200, with the end of the line */
#define MOST_BYTES	190

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

static void begin_device(struct config_parser *parser, const char *name)
{
	struct config *config = parser->config;
	struct config_device *device;
	char bdf[16];

	parser->section = SECTION_UNKNOWN;
	if (!value_bdf(name, bdf)) {
		complain(parser, "\"%.60s\" is no PCI address; [device 0000:03:00.0] has one",
			 name);
		return;
	}
	for (size_t i = 0; i < config->nr_devices; i++) {
		if (!strcmp(config->devices[i].bdf, bdf)) {
			complain(parser, "[device %s] was there already, in line %u",
				 bdf, config->devices[i].line);
			return;
		}
	}

	device = array_add(&config->devices, &config->nr_devices,
			   sizeof(*device));
	if (!device) {
		parser->error = -ENOMEM;
		return;
	}
	memcpy(device->bdf, bdf, sizeof(bdf));
	device->line = parser->line;
	parser->section = SECTION_DEVICE;
}

static void begin_slice(struct config_parser *parser, const char *name)
{
	struct config *config = parser->config;
	struct config_rule *rule;

	parser->section = SECTION_UNKNOWN;
	if (!value_name(name)) {
		complain(parser,
			 "\"%.70s\" is no name of a slice; 1 to %d letters, digits, \".\", \"_\" and \"-\" are",
			 name, BARLEASE_NAME_MAX - 1);
		return;
	}
	rule = array_add(&config->rules, &config->nr_rules, sizeof(*rule));
	if (!rule) {
		parser->error = -ENOMEM;
		return;
	}
	snprintf(rule->name, sizeof(rule->name), "%s", name);
	rule->line = parser->line;
	parser->section = SECTION_SLICE;
}

static void begin_broker(struct config_parser *parser, const char *name)
{
	if (*name)
		complain(parser, "[broker %.40s] is one word too long; [broker] is right",
			 name);
	parser->section = SECTION_BROKER;
}

static void begin_section(struct config_parser *parser, char *word)
{
	static const struct {
		const char *word;
		void (*begin)(struct config_parser *parser, const char *name);
	} kinds[] = {
		{ "broker", begin_broker },
		{ "device", begin_device },
		{ "slice", begin_slice },
	};
	size_t length = strcspn(word, " \t");
	char *name = word + length;

	if (*name)
		*name++ = '\0';
	name += strspn(name, " \t");

	config_end_section(parser);
	parser->seen = 0;
	parser->section_line = parser->line;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!strcmp(kinds[i].word, word)) {
			kinds[i].begin(parser, name);
			return;
		}
	}
	parser->section = SECTION_UNKNOWN;
	complain(parser,
		 "unknown section [%.60s]; there are [broker], [device BDF] and [slice NAME]",
		 word);
}

/* "[...]", and perhaps a comment behind it */
static void section_line(struct config_parser *parser, char *line)
{
	char *end = strchr(line, ']'), *tail;

	if (!end) {
		complain(parser, "a section's line ends with ]");
		config_end_section(parser);
		parser->section = SECTION_UNKNOWN;
		return;
	}
	tail = end + 1 + strspn(end + 1, " \t");
	if (*tail && *tail != ';' && *tail != '#')
		complain(parser, "\"%.60s\" is behind the section's ]; a line of its own is right",
			 tail);
	while (end > line && strchr(" \t", end[-1]))
		end--;
	*end = '\0';
	begin_section(parser, line);
}

static int on_key(void *data, const char *section, const char *name,
		  const char *value)
{
	(void)section;
	config_key(data, name, value);
	return 1;
}

static void parse_line(struct config_parser *parser, char *line)
{
	const char *start = skip_blanks(line);

	if (*start == '[')
		section_line(parser, (char *)start + 1 + strspn(start + 1, " \t"));
	else if (ini_parse_string(line, on_key, parser))
		complain(parser, "this is neither [section], nor key = value, nor a comment");
}

static bool fit_for_text(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return false;
	return true;
}

static void take_line(struct config_parser *parser, const char *text,
		      size_t length)
{
	char line[MOST_BYTES + 1];

	if (length && text[length - 1] == '\r')
		length--;
	if (length > MOST_BYTES) {
		complain(parser,
			 "longer than %d bytes; ranges=, users= and groups= may have several lines",
			 MOST_BYTES);
		return;
	}
	if (!fit_for_text(text, length)) {
		complain(parser, "a byte that is no text");
		return;
	}
	memcpy(line, text, length);
	line[length] = '\0';
	parse_line(parser, line);
}

static void take_lines(struct config_parser *parser, const char *text,
		       size_t size)
{
	while (size && !parser->error) {
		const char *end = memchr(text, '\n', size);
		size_t length = end ? (size_t)(end - text) : size;

		parser->line++;
		take_line(parser, text, length);
		length += !!end;
		text += length;
		size -= length;
	}
	if (!parser->error)
		config_end_section(parser);
}

int config_parse(const char *text, size_t size,
		 const struct config_names *names, struct config **result,
		 struct config_errors *errors)
{
	struct config_parser parser = {
		.config = calloc(1, sizeof(struct config)),
		.errors = errors,
		.names = names,
	};
	int ret;

	if (!parser.config)
		return -ENOMEM;
	parser.config->broker.socket_mode = 0666;
	parser.config->broker.user_connections = 256;
	parser.config->broker.user_leases = 1024;
	take_lines(&parser, text, size);
	ret = parser.error ?: config_check(&parser);
	if (!ret && errors->nr)
		ret = -EINVAL;
	config_sort_errors(errors);
	if (ret)
		config_free(parser.config);
	else
		*result = parser.config;
	return ret;
}
