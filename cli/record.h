/* SPDX-License-Identifier: MIT */
/*
 * A line of the administrator's socket: a word, and key=value
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include <stdint.h>
#include <stddef.h>

#define RECORD_VALUES	32

struct record {
	char *line;		/* the words are in here */
	const char *word;
	size_t nr;
	struct {
		const char *key;
		const char *value;
	} values[RECORD_VALUES];
};

/* Return: 0; -EPROTO no such line; -ENOMEM */
int record_parse(const char *line, struct record *record);
void record_free(struct record *record);

/* "" where it has no such key */
const char *record_get(const struct record *record, const char *key);
/* For a person: a text whose spaces are "_" in the record */
struct words {
	char text[256];
};

struct words record_words(const struct record *record, const char *key);
/* 0 where it has no such key, or no number there */
uint64_t record_number(const struct record *record, const char *key);

#endif
