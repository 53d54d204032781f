// SPDX-License-Identifier: MIT
/*
 * Lines of record.c, as somebody reads them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "lines.h"

static bool begins_with(const char *text, const char *word)
{
	size_t length = strlen(word);

	return !strncmp(text, word, length) &&
	       (text[length] == ' ' || !text[length]);
}

static const struct bl_word *find_word(const struct bl_word *words,
				       const char *text)
{
	for (; words->word; words++)
		if (begins_with(text, words->word))
			return words;
	return NULL;
}

/* The word itself, and as many more */
static size_t length_of_words(const char *text, unsigned int more)
{
	size_t length = strcspn(text, " ");

	while (more-- && text[length])
		length += 1 + strcspn(text + length + 1, " ");
	return length;
}

static uint32_t hash(const char *text, size_t length)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < length; i++)
		sum = (sum ^ (uint8_t)text[i]) * 16777619u;
	return sum;
}

static struct bl_line *find(const struct bl_table *table, const char *text,
			    size_t about)
{
	struct bl_link *link = bl_table_find(table, hash(text, about));
	struct bl_line *line;

	for (; link; link = bl_table_more(link)) {
		line = bl_container_of(link, struct bl_line, link);
		if (line->about == about && !memcmp(line->text, text, about))
			return line;
	}
	return NULL;
}

static int add(struct bl_lines *lines, const char *text, size_t about)
{
	struct bl_line *line = find(&lines->table, text, about);

	if (line) {
		line->text = text;
		return 0;
	}
	line = malloc(sizeof(*line));
	if (!line || bl_table_reserve(&lines->table, 1)) {
		free(line);
		return -ENOMEM;
	}
	line->text = text;
	line->about = about;
	bl_table_add(&lines->table, &line->link, hash(text, about));
	TAILQ_INSERT_TAIL(&lines->list, line, of_lines);
	return 0;
}

static void forget(struct bl_lines *lines, struct bl_line *line)
{
	TAILQ_REMOVE(&lines->list, line, of_lines);
	bl_table_remove(&lines->table, &line->link);
	free(line);
}

static void forget_gone(struct bl_lines *lines)
{
	struct bl_line *line = TAILQ_FIRST(&lines->list), *next;

	for (; line; line = next) {
		next = TAILQ_NEXT(line, of_lines);
		if (bl_line_value(line, "gone"))
			forget(lines, line);
	}
}

int bl_lines_read(struct bl_lines *lines, const char *text,
		  const struct bl_word *words)
{
	char *line, *end;
	int ret = 0;

	*lines = (struct bl_lines){ .copy = strdup(text) };
	TAILQ_INIT(&lines->list);
	if (!lines->copy)
		return -ENOMEM;
	for (line = lines->copy; (end = strchr(line, '\n')); line = end + 1) {
		const struct bl_word *word;

		*end = '\0';
		word = find_word(words, line);
		if (word)
			ret = add(lines, line,
				  length_of_words(line, word->keys));
		if (ret)
			break;
	}
	forget_gone(lines);
	return ret;
}

void bl_lines_free(struct bl_lines *lines)
{
	while (!TAILQ_EMPTY(&lines->list))
		forget(lines, TAILQ_FIRST(&lines->list));
	bl_table_free(&lines->table);
	free(lines->copy);
}

static const struct bl_line *from(const struct bl_line *line, const char *word)
{
	while (line && !begins_with(line->text, word))
		line = TAILQ_NEXT(line, of_lines);
	return line;
}

const struct bl_line *bl_lines_first(const struct bl_lines *lines,
				     const char *word)
{
	return from(TAILQ_FIRST(&lines->list), word);
}

const struct bl_line *bl_lines_next(const struct bl_line *line,
				    const char *word)
{
	return from(TAILQ_NEXT(line, of_lines), word);
}

const struct bl_line *bl_lines_find_about(const struct bl_lines *lines,
					  const char *about)
{
	return find(&lines->table, about, strlen(about));
}

const struct bl_line *bl_lines_find(const struct bl_lines *lines,
				    const char *word, const char *key,
				    uint32_t number)
{
	char about[64];
	int n = snprintf(about, sizeof(about), "%s %s=%" PRIu32, word, key,
			 number);

	return n < (int)sizeof(about) ? find(&lines->table, about, n) : NULL;
}

const char *bl_line_value(const struct bl_line *line, const char *key)
{
	const size_t length = strlen(key);
	const char *at = line->text;

	while ((at = strchr(at, ' '))) {
		at++;
		if (!strncmp(at, key, length) && at[length] == '=')
			return at + length + 1;
	}
	return NULL;
}

bool bl_line_text(const struct bl_line *line, const char *key, char *text,
		  size_t size)
{
	const char *value = bl_line_value(line, key);
	size_t length = value ? strcspn(value, " ") : size;

	if (length >= size)
		return false;
	memcpy(text, value, length);
	text[length] = '\0';
	return true;
}

bool bl_line_number(const struct bl_line *line, const char *key, int base,
		    int64_t least, int64_t most, int64_t *number)
{
	const char *value = bl_line_value(line, key);
	char *tail;

	if (!value || !*value || *value == ' ')
		return false;
	errno = 0;
	*number = strtoll(value, &tail, base);
	return !errno && (!*tail || *tail == ' ') && *number >= least &&
	       *number <= most;
}
