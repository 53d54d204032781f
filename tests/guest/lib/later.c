// SPDX-License-Identifier: MIT
/*
 * A call that may have to wait, made by a thread of its own
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>

#include "clock.h"
#include "later.h"
#include "tap.h"

/* Long enough that a call which does not wait is over */
#define A_WHILE_MS	300

static void *run(void *arg)
{
	struct later *later = arg;

	atomic_store(&later->tid, gettid());
	later->ret = later->fn(later->arg);
	atomic_store(&later->done, true);
	return NULL;
}

void later_begin(struct later *later, later_fn fn, void *arg)
{
	later->fn = fn;
	later->arg = arg;
	atomic_store(&later->tid, 0);
	atomic_store(&later->done, false);
	if (pthread_create(&later->thread, NULL, run, later))
		bail("cannot start a thread");
	while (!atomic_load(&later->tid))
		sleep_ms(1);
}

bool later_waits(struct later *later)
{
	sleep_ms(A_WHILE_MS);
	return !atomic_load(&later->done);
}

long later_end(struct later *later)
{
	pthread_join(later->thread, NULL);
	return later->ret;
}
