/* SPDX-License-Identifier: MIT */
/*
 * What the demo's broker vends, and how its processes speak to each other
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef DEMO_SLICES_H
#define DEMO_SLICES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lease.h"

/**
 * struct slice - what demo.conf says of a worker's slice, and what is in it
 * @name: of the slice
 * @worker: uid of who may have it
 * @offset: in BAR 2, in bytes
 * @size: in bytes
 * @read_only: whether its leases are
 * @tag: every 32-bit word of the slice has it in its upper half
 */
struct slice {
	const char *name;
	uid_t worker;
	uint64_t offset;
	uint64_t size;
	bool read_only;
	uint32_t tag;
};

#define NR_SLICES 3
extern const struct slice slices[NR_SLICES];

/* NULL when there is none of this name */
const struct slice *slice_named(const char *name);

/* The word at this place in the slice, as it is filled at first */
uint32_t slice_word(const struct slice *slice, uint64_t offset);

/* CLOCK_MONOTONIC: one clock for all processes */
uint64_t now_ns(void);

/*
 * Commands are read from standard input, a line each; an answer is any number
 * of lines, and a last one with a single dot.
 */
void answer_done(void);

#endif
