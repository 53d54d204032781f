// SPDX-License-Identifier: MIT
/*
 * Who waits for a device that somebody else has touched
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>

#include "access.h"
#include "bystander.h"
#include "clock.h"
#include "lease.h"
#include "stack.h"
#include "tap.h"

static long read_it(void *arg)
{
	const struct bystander *bystander = arg;
	uint32_t value;

	return read32(bystander->at, &value) ? (long)value : -1;
}

/* It exists by then: who starts a thread maps memory for it, and might wait. */
static long do_other(void *arg)
{
	struct bystander *bystander = arg;

	while (!atomic_load(&bystander->go))
		sleep_ms(1);
	return bystander->fn(NULL);
}

bool bystander_waits(struct bystander *bystander, mapping_t at,
		     const char *function, later_fn fn)
{
	bystander->at = at;
	bystander->fn = fn;
	atomic_store(&bystander->go, false);
	later_begin(&bystander->other, do_other, bystander);
	later_begin(&bystander->reader, read_it, bystander);
	ok(sleeps_in(bystander->reader.tid, function),
	   "a thread reads the device, and waits");
	atomic_store(&bystander->go, true);
	return later_waits(&bystander->other);
}

void bystander_end(struct bystander *bystander, uint32_t want)
{
	is_ok(later_end(&bystander->other), "in the end the other thread is done");
	is_hex(later_end(&bystander->reader), want,
	       "and the first has read the device");
}

long bystander_maps_memory(void *unused)
{
	mapping_t at = mmap(NULL, MIB(1), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)unused;
	if (at == MAP_FAILED)
		return -errno;
	at[0] = 1;
	return munmap((void *)at, MIB(1));
}
