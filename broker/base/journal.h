/* SPDX-License-Identifier: MIT */
/*
 * The journal's own socket, by which a line comes with fields
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_JOURNAL_H
#define BROKER_JOURNAL_H

#include <stddef.h>

/*
 * A socket for journal_send(), if standard error goes to the journal, as
 * $JOURNAL_STREAM says (systemd.exec(5)); or a negative errno
 */
int journal_open(void);

/*
 * A line, and what the journal is to know beside it: @fields are "KEY=value" each, with
 * a newline behind. Never waits. Return: 0; -errno
 */
int journal_send(int journal, int level, const char *line, const char *fields);

#endif
