// SPDX-License-Identifier: MIT
/*
 * A thread that touches a mapping at nearly the same time as something else is done
 * about it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <sched.h>

#include "access.h"
#include "tap.h"
#include "toucher.h"

static void spin(struct prng *prng)
{
	volatile uint32_t left = prng_below(prng, 4000);

	while (left)
		left--;
}

/* To give its CPU away while it waits would make it late. */
static void *run(void *arg)
{
	struct toucher *toucher = arg;
	struct prng prng = prng_seeded(1);
	mapping_t at;
	uint32_t value;

	for (int i = 0; i < toucher->times; i++) {
		while (!(at = atomic_load(&toucher->target)))
			;
		spin(&prng);
		read32(at, &value);
		atomic_store(&toucher->target, NULL);
	}
	return NULL;
}

void toucher_begin(struct toucher *toucher, int times)
{
	atomic_store(&toucher->target, NULL);
	toucher->times = times;
	toucher->prng = prng_seeded(2);
	if (pthread_create(&toucher->thread, NULL, run, toucher))
		bail("no thread");
}

void toucher_touch(struct toucher *toucher, mapping_t at)
{
	atomic_store(&toucher->target, at);
	spin(&toucher->prng);
}

void toucher_wait(struct toucher *toucher)
{
	while (atomic_load(&toucher->target))
		sched_yield();
}

void toucher_end(struct toucher *toucher)
{
	pthread_join(toucher->thread, NULL);
}
