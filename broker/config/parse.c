// SPDX-License-Identifier: MIT
/*
 * From text to lines, sections and keys
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "check.h"
#include "keys.h"
#include "parse.h"
#include "value.h"

static char *skip_blanks(char *at)
{
	return at + strspn(at, " \t");
}

/* Ends the text where its blanks begin, if it ends with any before @end */
static void cut_blanks(const char *text, char *end)
{
	while (end > text && strchr(" \t", end[-1]))
		end--;
	*end = '\0';
}

static void begin_device(struct config_parser *parser, const char *name)
{
	struct config *config = parser->config;
	struct config_device *device;
	char bdf[BARLEASE_PCI_ADDRESS_SIZE];

	parser->section = SECTION_UNKNOWN;
	if (barlease_pci_address(name, bdf)) {
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

/* "grant-" begins the names of those that are made by "barlease grant" */
static bool is_listener_name(const char *name)
{
	return value_name(name) &&
	       strncmp(name, CONFIG_GRANT, strlen(CONFIG_GRANT)) != 0;
}

static void begin_listener(struct config_parser *parser, const char *name)
{
	struct config *config = parser->config;
	const struct config_listener *other;
	struct config_listener *listener;

	parser->section = SECTION_UNKNOWN;
	if (!is_listener_name(name)) {
		complain(parser,
			 "\"%.70s\" is no name of a listener; 1 to %d letters, digits, \".\", \"_\" and \"-\" are, but not with \"%s\" before them",
			 name, BARLEASE_NAME_MAX - 1, CONFIG_GRANT);
		return;
	}
	other = config_listener(config, name);
	if (other) {
		complain(parser, "[listener %s] was there already, in line %u",
			 name, other->line);
		return;
	}
	listener = array_add(&config->listeners, &config->nr_listeners,
			     sizeof(*listener));
	if (!listener) {
		parser->error = -ENOMEM;
		return;
	}
	snprintf(listener->name, sizeof(listener->name), "%s", name);
	listener->line = parser->line;
	listener->mode = 0666;
	parser->section = SECTION_LISTENER;
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
		{ "listener", begin_listener },
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
		 "unknown section [%.60s]; there are [broker], [device BDF], [slice NAME] and [listener NAME]",
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
	tail = skip_blanks(end + 1);
	if (*tail && *tail != ';' && *tail != '#')
		complain(parser, "\"%.60s\" is behind the section's ]; a line of its own is right",
			 tail);
	cut_blanks(line, end);
	begin_section(parser, line);
}

/* A comment begins with a blank and ";" behind a value: "0:a;b" is none */
static char *end_of_value(char *value)
{
	char *end = value;

	for (; *end; end++)
		if (*end == ';' && (end == value || strchr(" \t", end[-1])))
			break;
	return end;
}

static void key_line(struct config_parser *parser, char *line)
{
	char *equals = strchr(line, '='), *value;

	if (!equals) {
		complain(parser, "this is neither [section], nor key = value, nor a comment");
		return;
	}
	cut_blanks(line, equals);
	value = skip_blanks(equals + 1);
	cut_blanks(value, end_of_value(value));
	config_key(parser, line, value);
}

static void parse_line(struct config_parser *parser, char *line)
{
	line = skip_blanks(line);
	if (*line == '[')
		section_line(parser, skip_blanks(line + 1));
	else if (*line && *line != '#' && *line != ';')
		key_line(parser, line);
}

static bool fit_for_text(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return false;
	return true;
}

/* @line is followed by a byte that may be written to. */
static void take_line(struct config_parser *parser, char *line, size_t length)
{
	if (length && line[length - 1] == '\r')
		length--;
	if (!fit_for_text(line, length)) {
		complain(parser, "a byte that is no text");
		return;
	}
	line[length] = '\0';
	parse_line(parser, line);
}

static void take_lines(struct config_parser *parser, char *text, size_t size)
{
	while (size && !parser->error) {
		char *end = memchr(text, '\n', size);
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

/* Lines are taken apart where they are, in a copy. */
static void take_text(struct config_parser *parser, const char *text,
		      size_t size)
{
	static const char mark[] = "\xef\xbb\xbf";
	char *copy;

	if (size >= strlen(mark) && !memcmp(text, mark, strlen(mark))) {
		text += strlen(mark);
		size -= strlen(mark);
	}
	copy = malloc(size + 1);
	if (!copy) {
		parser->error = -ENOMEM;
		return;
	}
	memcpy(copy, text, size);
	take_lines(parser, copy, size);
	free(copy);
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
	parser.config->broker.monitor_mode = 0660;
	parser.config->broker.max_grace = CONFIG_MAX_GRACE;
	parser.config->broker.reconnect = CONFIG_RECONNECT;
	parser.config->broker.user_connections = 256;
	parser.config->broker.user_leases = 1024;
	take_text(&parser, text, size);
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
