/* SPDX-License-Identifier: MIT */
/*
 * One round: two clients begin with nothing, do their steps, and end
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOSTILE_ROUND_H
#define HOSTILE_ROUND_H

#include "program.h"

/* When rounds break off, on CLOCK_MONOTONIC; 0: never */
extern int64_t round_until;

/*
 * Steps of shared->program, @list has their places in it. True where nothing
 * went wrong; else shared->story says what. A step that does not end ends the
 * test.
 */
bool round_run(uint64_t seed, const uint32_t *list, uint32_t n, enum way way);

#endif
