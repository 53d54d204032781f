/* SPDX-License-Identifier: MIT */
/*
 * What is said of a failure: the shortest program that still fails
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOSTILE_SHRINK_H
#define HOSTILE_SHRINK_H

#include "program.h"

/* The round with that seed has just failed; @list are its @n steps */
void failure_report(uint64_t seed, uint32_t *list, uint32_t n, enum way way);

#endif
