/* SPDX-License-Identifier: MIT */
/*
 * Lines of record.c, as somebody reads them
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_LINES_H
#define LIB_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "table.h"

TAILQ_HEAD(bl_line_list, bl_line);

/**
 * struct bl_line - what was last said of one thing
 * @link: in bl_lines.table, by what it is about
 * @text: of the line
 * @about: how many bytes of that say what it is about
 */
struct bl_line {
	TAILQ_ENTRY(bl_line) of_lines;
	struct bl_link link;
	const char *text;
	size_t about;
};

/* @list: in the order in which things were first heard of */
struct bl_lines {
	struct bl_line_list list;
	struct bl_table table;
	char *copy;
};

/*
 * Those that begin with one of these words, with @nr of which things are told apart;
 * what has gone is left out, and a last line without an end. Return: 0; -ENOMEM
 */
struct bl_word {
	const char *word;
	unsigned int keys;
};

int bl_lines_read(struct bl_lines *lines, const char *text,
		  const struct bl_word *words);
void bl_lines_free(struct bl_lines *lines);

/* Of these lines, those that begin with this word: the first one, and the next */
const struct bl_line *bl_lines_first(const struct bl_lines *lines,
				     const char *word);
const struct bl_line *bl_lines_next(const struct bl_line *line,
				    const char *word);
/* The one about this; or NULL */
const struct bl_line *bl_lines_find(const struct bl_lines *lines,
				    const char *word, const char *key,
				    uint32_t number);

/* The one that is about just this: the word, and its keys with their values */
const struct bl_line *bl_lines_find_about(const struct bl_lines *lines,
					  const char *about);

/* The value of a key. False where it has none, or no room, or is no such number */
bool bl_line_text(const struct bl_line *line, const char *key, char *text,
		  size_t size);
/* In place, up to the next blank or the end; NULL where there is none */
const char *bl_line_value(const struct bl_line *line, const char *key);
bool bl_line_number(const struct bl_line *line, const char *key, int base,
		    int64_t least, int64_t most, int64_t *number);

#endif
