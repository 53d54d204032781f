/* SPDX-License-Identifier: MIT */
/*
 * Orders about leases: those of some numbers, or all of one kind
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_WHICH_H
#define CLI_WHICH_H

#include <stdint.h>

#include "cli.h"

/* Options of which one is given instead of numbers */
#define WHICH_OPTIONS	(OPT_ALL_LEASES | OPT_DEVICE | OPT_OF_SLICE | OPT_UID)

/**
 * struct which_order - what barleased is to do with them
 * @order: its word
 * @more: what comes behind those that are meant, with a space before it; or ""
 * @done: what has become of them, for who reads
 */
struct which_order {
	const char *order;
	const char *more;
	const char *done;
};

/* Return: an exit status; what was wrong has been said */
int which_order(const struct verb *verb, const struct options *options,
		const struct which_order *what, int argc, char **argv);

/*
 * An option that is a time, as a word of an order: " grace=5000ms", or "" where it is
 * not given. @least: in milliseconds. Return: an exit status
 */
struct which_time {
	char words[32];
};

int which_time(const struct verb *verb, const char *option, const char *name,
	       uint64_t least, struct which_time *time);

#endif
