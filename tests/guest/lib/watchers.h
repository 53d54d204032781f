/* SPDX-License-Identifier: MIT */
/*
 * Threads that read mapped memory all the time and remember what went wrong
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef WATCHERS_H
#define WATCHERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map.h"

/* A mapping to be watched: words of the pattern, or one and the same word */
struct watched {
	mapping_t at;
	size_t size;
	uint64_t bar_offset;
	uint32_t seed;		/* of the pattern; 0: every word is @value */
	uint32_t value;
};

struct watchers {
	const struct watched *watched;
	size_t n_watched;
	atomic_bool stop;
	atomic_long reads;
	atomic_long wrong;
	atomic_long sigbus;
	/*
	 * Of the thread numbered 0: since when it has been in an access, in
	 * microseconds, 0 when it is not; and to which mapping
	 */
	_Atomic int64_t waiting_since;
	_Atomic size_t waiting_at;
	_Atomic int64_t longest_us;
	pthread_t threads[4];
	int n_threads;
};

void watchers_start(struct watchers *watchers, const struct watched *watched,
		    size_t n_watched, int threads);
void watchers_stop(struct watchers *watchers);

#endif
