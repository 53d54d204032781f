// SPDX-License-Identifier: MIT
/*
 * The first access to every page of a new mapping
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <math.h>
#include <unistd.h>

#include "faults.h"
#include "first-touch.h"
#include "lease.h"
#include "perf.h"
#include "settle.h"
#include "tap.h"
#include "timer.h"

#define TRIES	5

struct one {
	double faults;
	double ms;
	double again_ms;
};

static long count(mapping_t at, size_t size, struct one *one)
{
	double began;

	perf_faults_begin();
	began = now_ns();
	one->faults = faults_of_touching(at, size, PAGE);
	one->ms = (now_ns() - began) / 1e6;
	return perf_faults_end();
}

/* The kernel counts faults in two places; both must know of all of these. */
static struct one touch(mapping_t at, size_t size)
{
	static uint8_t warm_up[PAGE];
	struct one one, again;
	long perf;

	/* The code's own faults come now. */
	count(warm_up, sizeof(warm_up), &one);
	settle();
	perf = count(at, size, &one);
	if (perf >= 0 && perf != one.faults)
		bail("getrusage() counts %.0f page faults, perf %ld",
		     one.faults, perf);
	count(at, size, &again);
	one.again_ms = again.ms;
	return one;
}

static mapping_t map_lease(const struct touching *how, const struct vfio *vfio)
{
	int lease = lease_of(vfio->device, BAR2, 0, how->size);
	mapping_t at;

	if (lease_set_memattr(vfio->device, lease, how->memattr))
		bail("this machine has no such memory attribute");
	at = map_aligned(lease, 0, how->size, RW, how->align, how->remainder);
	close(lease);
	return at;
}

static struct one once(const struct touching *how, enum side side,
		       const struct vfio *vfio)
{
	struct one one;
	mapping_t at;

	if (side == LEASE)
		at = map_lease(how, vfio);
	else
		at = map_aligned(vfio->device, vfio_region(vfio, BAR2).offset,
				 how->size, RW, how->align, how->remainder);
	one = touch(at, how->size);
	if (how->look)
		how->look(side, at, how->size);
	unmap(at, how->size);
	return one;
}

/*
 * The quickest of a few: all of them do the same, and what makes one of them
 * slower is the rest of the machine.
 */
static struct one quickest(const struct touching *how, enum side side)
{
	struct vfio vfio = side_open(how->dev, side);
	struct one best = once(how, side, &vfio);

	for (int i = 1; i < TRIES; i++) {
		struct one one = once(how, side, &vfio);

		if (one.faults != best.faults)
			bail("%.0f page faults, and %.0f another time",
			     best.faults, one.faults);
		best.ms = fmin(best.ms, one.ms);
		best.again_ms = fmin(best.again_ms, one.again_ms);
	}
	vfio_close(&vfio);
	return best;
}

struct touched first_touch(const struct touching *how)
{
	struct touched touched = { 0 };
	struct one one[2];

	for (int i = 0; i < bench_rounds(); i++) {
		/* Whoever comes second has an advantage, or none */
		enum side first = i % 2 ? STOCK : LEASE;

		one[first] = quickest(how, first);
		one[!first] = quickest(how, !first);
		pair_add(&touched.faults, one[LEASE].faults,
			 one[STOCK].faults);
		pair_add(&touched.ms, one[LEASE].ms, one[STOCK].ms);
		pair_add(&touched.again_ms, one[LEASE].again_ms,
			 one[STOCK].again_ms);
		pair_add(&touched.times, one[LEASE].ms / one[LEASE].again_ms,
			 one[STOCK].ms / one[STOCK].again_ms);
	}
	return touched;
}

void touched_free(struct touched *touched)
{
	pair_free(&touched->faults);
	pair_free(&touched->ms);
	pair_free(&touched->again_ms);
	pair_free(&touched->times);
}
