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
 * @done: what has become of them, for who reads
 * @key: behind which comes a time, where it is given
 * @time: that, as the user has said it; or NULL
 * @least: that it may be, in milliseconds
 */
struct which_order {
	const char *order;
	const char *done;
	const char *key;
	const char *time;
	uint64_t least;
};

/* Return: an exit status; what was wrong has been said */
int which_order(const struct verb *verb, const struct options *options,
		const struct which_order *what, int argc, char **argv);

#endif
