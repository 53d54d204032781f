// SPDX-License-Identifier: MIT
/*
 * A line of the administrator's socket: a word, and key=value
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

static int parse_words(struct record *record)
{
	char *next = record->line, *word, *equals;

	record->word = strsep(&next, " ");
	if (!*record->word)
		return -EPROTO;
	while ((word = strsep(&next, " "))) {
		equals = strchr(word, '=');
		if (!equals || equals == word || record->nr == RECORD_VALUES)
			return -EPROTO;
		*equals = '\0';
		record->values[record->nr].key = word;
		record->values[record->nr++].value = equals + 1;
	}
	return 0;
}

int record_parse(const char *line, struct record *record)
{
	int ret;

	*record = (struct record){ .line = strdup(line) };
	if (!record->line)
		return -ENOMEM;
	ret = parse_words(record);
	if (ret)
		record_free(record);
	return ret;
}

void record_free(struct record *record)
{
	free(record->line);
	record->line = NULL;
}

const char *record_get(const struct record *record, const char *key)
{
	size_t i;

	for (i = 0; i < record->nr; i++)
		if (!strcmp(record->values[i].key, key))
			return record->values[i].value;
	return "";
}

struct words record_words(const struct record *record, const char *key)
{
	struct words words;
	char *at;

	snprintf(words.text, sizeof(words.text), "%s", record_get(record, key));
	for (at = words.text; *at; at++)
		if (*at == '_')
			*at = ' ';
	return words;
}

uint64_t record_number(const struct record *record, const char *key)
{
	return strtoull(record_get(record, key), NULL, 0);
}
