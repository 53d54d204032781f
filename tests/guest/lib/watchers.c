// SPDX-License-Identifier: MIT
/*
 * Threads that read mapped memory all the time and remember what went wrong
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <sched.h>
#include <string.h>

#include "access.h"
#include "clock.h"
#include "lease.h"
#include "pattern.h"
#include "prng.h"
#include "tap.h"
#include "watchers.h"

struct start {
	struct watchers *watchers;
	int number;
	atomic_bool taken;
};

static void look(struct watchers *watchers, const struct watched *watched,
		 uint64_t offset)
{
	uint32_t value, want = watched->value;

	if (watched->seed)
		want = pattern(watched->bar_offset + offset, watched->seed);
	if (!read32(watched->at + offset, &value))
		atomic_fetch_add(&watchers->sigbus, 1);
	else if (value != want)
		atomic_fetch_add(&watchers->wrong, 1);
	atomic_fetch_add(&watchers->reads, 1);
}

static void remember(_Atomic int64_t *longest, int64_t time)
{
	int64_t before = atomic_load(longest);

	while (time > before &&
	       !atomic_compare_exchange_weak(longest, &before, time))
		;
}

static void *watch(void *arg)
{
	struct start *start = arg;
	struct watchers *watchers = start->watchers;
	int number = start->number;
	struct prng prng = prng_seeded(number + 1);

	atomic_store(&start->taken, true);
	while (!atomic_load(&watchers->stop)) {
		size_t i = prng_below(&prng, watchers->n_watched);
		const struct watched *watched = &watchers->watched[i];
		uint64_t page = prng_below(&prng, watched->size / PAGE);
		int64_t since = now_us();

		if (!number) {
			atomic_store(&watchers->waiting_at, i);
			atomic_store(&watchers->waiting_since, since);
		}
		look(watchers, watched, page * PAGE);
		if (!number)
			atomic_store(&watchers->waiting_since, 0);
		remember(&watchers->longest_us, now_us() - since);
	}
	return NULL;
}

void watchers_start(struct watchers *watchers, const struct watched *watched,
		    size_t n_watched, int threads)
{
	memset(watchers, 0, sizeof(*watchers));
	watchers->watched = watched;
	watchers->n_watched = n_watched;
	watchers->n_threads = threads;
	for (int i = 0; i < threads; i++) {
		struct start start = { .watchers = watchers, .number = i };

		if (pthread_create(&watchers->threads[i], NULL, watch, &start))
			bail("no thread");
		while (!atomic_load(&start.taken))
			sched_yield();
	}
}

void watchers_stop(struct watchers *watchers)
{
	atomic_store(&watchers->stop, true);
	for (int i = 0; i < watchers->n_threads; i++)
		pthread_join(watchers->threads[i], NULL);
}
