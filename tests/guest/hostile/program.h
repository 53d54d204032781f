/* SPDX-License-Identifier: MIT */
/*
 * Programs that a seed makes
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOSTILE_PROGRAM_H
#define HOSTILE_PROGRAM_H

#include "world.h"

enum way {
	IN_TURN,	/* one actor after the other: the same each time */
	AT_ONCE,
};

/* The last places in the program are for what every round ends with */
#define LAST_STEPS	8u
#define LAST_AT(i)	(MAX_OPS - LAST_STEPS + (i))

/* In shared->program; @list receives the places of its steps. Returns how many */
uint32_t program_make(uint64_t seed, enum way way, uint32_t *list);
/* Some of the seeds are for either */
enum way way_of(uint64_t seed);

const char *name_of(const struct op *op);

#endif
