/* SPDX-License-Identifier: MIT */
/*
 * A client of the administrator's socket of barleased
 *
 * Copyright (C) 2026 The barlease authors
 *
 * docs/protocol.md describes what is spoken there.
 */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include <stddef.h>
#include <stdint.h>

#include "records.h"

/* A request, with its end */
#define ADMIN_LINE_MAX	4096

struct admin;

/* Return: 0; errors of connect() */
int admin_connect(const char *path, struct admin **admin);
/*
 * With an end to each wait for the broker, the one for the connection included: what
 * takes longer is -ETIMEDOUT (-EAGAIN of the connection), and the connection is of no
 * more use. No milliseconds: no end
 */
int admin_connect_within(const char *path, unsigned int milliseconds,
			 struct admin **admin);
int admin_set_timeout(struct admin *admin, unsigned int milliseconds);
/* Ends a wait of another thread, and the connection with it */
void admin_hang_up(struct admin *admin);
void admin_close(struct admin *admin);

/**
 * admin_ask() - a request and its whole answer
 * @admin: the connection
 * @request: without the end of the line
 * @records: receives the answer's lines before "ok", for records_free()
 *
 * Return: 0; -ENOENT, -EBUSY, -EACCES, -EINVAL, or -EREMOTEIO for anything else:
 * the broker says no, and admin_error() why, which is "" otherwise; -ECONNRESET
 * it is gone; -ETIMEDOUT; -EPROTO it speaks something else; -ENOMEM
 */
int admin_ask(struct admin *admin, const char *request,
	      struct records *records);

/*
 * The same without keeping the lines: each is given to a function, for
 * record_free(). What that returns, if not 0, is returned, and the connection is
 * of no more use.
 */
typedef int admin_take(struct record *record, void *data);

int admin_ask_each(struct admin *admin, const char *request, admin_take *take,
		   void *data);

/* A number of the line that the last answer ended with; 0 where it has none */
uint64_t admin_told(const struct admin *admin, const char *key);
/* The same as text; "" where it has none. Good until the next request */
const char *admin_told_text(const struct admin *admin, const char *key);
const char *admin_error(const struct admin *admin);

/* After "watch": waits for the next line. Return: as above */
int admin_next(struct admin *admin, struct record *record);

#endif
