/* SPDX-License-Identifier: MIT */
/*
 * Time, in nanoseconds
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef TIMER_H
#define TIMER_H

#include <time.h>

static inline double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

#endif
