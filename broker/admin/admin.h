/* SPDX-License-Identifier: MIT */
/*
 * The administrator's socket: connections, and lines in and out
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_ADMIN_H
#define BROKER_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/loop.h"

struct admin;

/*
 * A request, until it is answered by one of the four functions below: at once,
 * or at any time later. Whoever asked may be gone by then. The next request of
 * the same connection is not looked at before.
 */
struct admin_call;

/* These lines, which end with "ok" */
void admin_answer(struct admin_call *call, const char *text, size_t size);
/* "ok", and from then on all that happens */
void admin_watch(struct admin_call *call);
/* "error", a word for this kind of errno, and words for a person */
void admin_fail(struct admin_call *call, int error, const char *text, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of what is no request: nothing that follows is one either */
void admin_reject(struct admin_call *call, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

/* @line: without its end; may be taken apart. @data: of admin_new() */
typedef void (*admin_request_fn)(void *data, struct admin_call *call,
				 char *line);

/* Return: 0; -errno */
int admin_new(struct loop *loop, void *data, struct admin **admin);
void admin_free(struct admin *admin);

/*
 * Take whoever comes to a socket for one who may ask what @request answers. There are
 * two at most. @listener: stays the caller's. @anybody: whom its mode lets connect, not
 * just root and this process' own user. Return: 0; -errno
 */
int admin_listen(struct admin *admin, int listener, admin_request_fn request,
		 bool anybody);

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
