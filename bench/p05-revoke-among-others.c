// SPDX-License-Identifier: MIT
/*
 * P5: revoke of one buffer while M others are mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "report.h"
#include "settle.h"
#include "side.h"
#include "tap.h"
#include "timer.h"

#define MOST	10000u
#define PAGES	64u		/* of the buffer that is revoked */
#define REVOKES	300

static const struct figure figure = {
	.id = "P5", .what = "revoke while 10,000 other buffers are mapped",
	.unit = "us", .lease = "10,000 others", .against = "none",
	.least = NO_LIMIT, .most = 1.2,
};

#define COUNTS	5

static const unsigned int counts[COUNTS] = { 0, 10, 100, 1000, MOST };

static struct vfio vfio;
/* A page of each of the others, one behind the other */
static mapping_t others;
static unsigned int nr_others;
static unsigned int lost;

static void map_others(unsigned int wanted)
{
	for (; nr_others < wanted; nr_others++) {
		int lease = lease_of(vfio.device, BAR2, nr_others * PAGE, PAGE);
		void *at = (void *)(others + nr_others * PAGE);

		if (mmap(at, PAGE, RW, MAP_SHARED | MAP_FIXED, lease, 0) !=
		    at)
			bail("mmap() of lease %u: %s", nr_others,
			     strerror(errno));
		close(lease);
		*(volatile uint32_t *)at;
	}
}

static void reserve_others(void)
{
	void *at = mmap((void *)others, MOST * PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			(others ? MAP_FIXED : 0), -1, 0);

	if (at == MAP_FAILED)
		bail("mmap(): %s", strerror(errno));
	others = at;
	nr_others = 0;
}

static double revoke_one(void)
{
	int lease = lease_of(vfio.device, BAR2, MIB(48), PAGES * PAGE);
	mapping_t at = map(lease, 0, PAGES * PAGE, RW);
	double began;

	faults_of_touching(at, PAGES * PAGE, PAGE);
	began = now_ns();
	if (lease_revoke(vfio.device, lease))
		bail("a revoke fails");
	began = now_ns() - began;
	unmap(at, PAGES * PAGE);
	close(lease);
	return began / 1e3;
}

/* The quickest: the others were slower for what else the machine did */
static double revokes(struct series *all)
{
	double best = INFINITY;

	settle();
	for (int i = 0; i < REVOKES; i++)
		best = fmin(best, revoke_one());
	series_add(all, best);
	lost += nr_others - pages_present(others, nr_others * PAGE);
	return best;
}

/* Up to all of them, and back to none: what drifts meanwhile cancels out */
static void one_round(struct pair *pair, struct series *all)
{
	double none = 0, most = 0;

	reserve_others();
	for (size_t i = 0; i < COUNTS; i++) {
		map_others(counts[i]);
		most = revokes(&all[i]);
		if (!counts[i])
			none = most;
	}
	reserve_others();
	none = (none + revokes(&all[0])) / 2;
	pair_add(pair, most, none);
}

int main(void)
{
	struct series all[COUNTS] = { 0 };
	struct pair pair = { 0 };
	char found[64];

	bench_begin("P5", "revoke of one buffer among others");
	side_warm_up(dev_small());
	vfio = vfio_open(dev_small());
	for (int i = 0; i < bench_rounds(); i++)
		one_round(&pair, all);
	report_figure(&figure, &pair);
	snprintf(found, sizeof(found), "%u lost in %d revokes", lost,
		 bench_rounds() * REVOKES * (int)(COUNTS + 1));
	report_truth("P5", "other mappings keep their entries", !lost, found);
	for (size_t i = 0; i < COUNTS; i++)
		report_point("P5", "revoke", counts[i], &all[i]);
	pair_free(&pair);
	vfio_close(&vfio);
	return 0;
}
