// SPDX-License-Identifier: MIT
/*
 * P5: revoke of one buffer while M others are mapped; against one of a device
 * like it, of which no others are
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <math.h>
#include <stdio.h>

#include "lease.h"
#include "others.h"
#include "report.h"
#include "revoked.h"
#include "settle.h"
#include "side.h"

#define PAGES	64u		/* of the buffer that is revoked */
#define OFFSET	MIB(48)		/* in a BAR, behind the others */
#define REVOKES	20		/* a burst */
#define BURSTS	5		/* of each, for one value */
#define VALUES	3		/* a round */

static const struct figure figure = {
	.id = "P5", .what = "revoke while 10,000 other buffers are mapped",
	.unit = "us", .lease = "10,000 others", .against = "none",
	.least = NO_LIMIT, .most = 1.15,
};

#define COUNTS	5

static const unsigned int counts[COUNTS] = { 0, 10, 100, 1000, OTHERS_MAX };

static struct others others;
static unsigned int lost, revokes;

static double quickest(const struct vfio *vfio)
{
	double best = INFINITY;

	for (int i = 0; i < REVOKES; i++)
		best = fmin(best, revoke_one(vfio, OFFSET, PAGES));
	revokes += REVOKES;
	return best;
}

/*
 * The two devices take turns, in bursts of a few milliseconds, and the quickest
 * of each counts: the others were slower for what else the machine did.
 */
static void one_value(const struct vfio *crowded, const struct vfio *empty,
		      struct pair *pair)
{
	double most = INFINITY, none = INFINITY;

	for (int i = 0; i < BURSTS; i++) {
		most = fmin(most, quickest(crowded));
		none = fmin(none, quickest(empty));
	}
	pair_add(pair, most, none);
	lost += others_lost(&others);
}

/*
 * A CPU has the kernel's memory in large pages in its TLB, the emulator in small
 * ones: it is to have room for what the kernel knows of all the others.
 */
static void settle_for_others(void)
{
	settle();
	for (int i = 0; i < SETTLE_GROWTH; i++) {
		lost += others_lost(&others);
		settle_flush();
	}
}

static void with_others(const struct vfio *crowded, const struct vfio *empty,
			unsigned int nr)
{
	struct pair pair = { 0 };

	others_map(&others, nr);
	settle_for_others();
	for (int i = 0; i < VALUES * bench_rounds(); i++)
		one_value(crowded, empty, &pair);
	if (nr == OTHERS_MAX)
		report_figure(&figure, &pair);
	report_point("P5", "revoke", nr, &pair.lease);
	report_point("P5", "no others", nr, &pair.against);
	series_free(&pair.ratio);
}

int main(void)
{
	struct vfio crowded, empty;
	char found[64];

	bench_begin("P5", "revoke of one buffer among others");
	side_warm_up(dev_small());
	crowded = vfio_open(dev_small());
	empty = vfio_open(dev_big());
	others = others_of(crowded.device);
	for (size_t i = 0; i < COUNTS; i++)
		with_others(&crowded, &empty, counts[i]);
	snprintf(found, sizeof(found), "%u lost in %u revokes", lost, revokes);
	report_truth("P5", "other mappings keep their entries", !lost, found);
	others_unmap(&others);
	vfio_close(&empty);
	vfio_close(&crowded);
	return 0;
}
