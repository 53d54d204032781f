/* SPDX-License-Identifier: MIT */
/*
 * The administrator's socket: connections, and lines in and out
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_ADMIN_H
#define BROKER_ADMIN_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/loop.h"

struct admin;

/**
 * typedef admin_answer_fn - do what a line asks for
 * @data: as admin_new() was given it
 * @line: without its end; may be taken apart
 * @out: receives the answer
 *
 * Return: true when the answer is to be followed by all that happens.
 */
typedef bool (*admin_answer_fn)(void *data, char *line, FILE *out);

/* @listener: stays the caller's. Return: 0; -errno */
int admin_new(struct loop *loop, int listener, admin_answer_fn answer,
	      void *data, struct admin **admin);
void admin_free(struct admin *admin);

/* Is anybody connected? @admin NULL is fine, here and below */
bool admin_is_heard(const struct admin *admin);

/* A line for all who watch */
void admin_tell(struct admin *admin, const char *text, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * The same of what this user brings about: a thousand, then a hundred a second,
 * and "omitted" with the number of the others
 */
void admin_tell_of(struct admin *admin, uid_t uid, const char *text, ...)
	__attribute__((format(printf, 3, 4)));

/* Has something been left out, and nobody has been told of it yet? */
bool admin_is_behind(const struct admin *admin);
void admin_catch_up(struct admin *admin);

/* Let those go who do not read; to be called when no request is at work */
void admin_reap(struct admin *admin);

#endif
