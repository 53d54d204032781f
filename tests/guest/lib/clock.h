/* SPDX-License-Identifier: MIT */
/*
 * Time, and patience
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef TEST_CLOCK_H
#define TEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* For what another process is about to do: an emulated machine may be slow */
#define PATIENCE_MS	30000

static inline int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ll + now.tv_nsec / 1000;
}

static inline void sleep_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Is @condition true, sooner or later? It is looked at again and again */
#define comes_true(condition)						\
({									\
	int64_t until_ = now_us() + PATIENCE_MS * 1000;			\
	bool true_;							\
									\
	while (!(true_ = (condition)) && now_us() < until_)		\
		sleep_ms(10);						\
	true_;								\
})

#endif
