/* SPDX-License-Identifier: MIT */
/*
 * What there is, in lines, where it outlives this process: two memory files
 *
 * Copyright (C) 2026 The barlease authors
 *
 * One of them is written to; to make it shorter, all is written into the other one,
 * which takes its place when it is complete. So whenever the process ends, one of them
 * is: lines that had not been written when it ended are not there, and there is no half
 * of one.
 */
#ifndef BROKER_LEDGER_H
#define BROKER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

struct ledger_header;

/**
 * struct ledger
 * @fds: of the two files
 * @headers: at their beginning
 * @current: which of them is written to
 * @least: how long it was when it was complete
 * @broken: a line is lost, and what is there is good for nothing
 */
struct ledger {
	int fds[2];
	struct ledger_header *headers[2];
	int current;
	uint64_t least;
	bool broken;
};

/* @fds: of an earlier process, which are the ledger's from then on; -1: made. Return: 0; -errno */
int ledger_open(struct ledger *ledger, const int fds[2]);
void ledger_close(struct ledger *ledger);

/* All anew, in the other one; and it is complete */
void ledger_begin(struct ledger *ledger);
void ledger_commit(struct ledger *ledger);
/* NULL: one is lost */
void ledger_write(struct ledger *ledger, const char *line);
/* See struct barlease_keeper */
void ledger_serves(struct ledger *ledger, uint32_t connection);
/* Is it so long that it is worth being written anew? */
bool ledger_is_long(const struct ledger *ledger);

/*
 * What is there, for free(). Return: 0; -ENODATA nothing that is complete; -EPROTO it is
 * no ledger, or of another version; others
 */
int ledger_read(const int fds[2], char **text, uint32_t *served);

#endif
