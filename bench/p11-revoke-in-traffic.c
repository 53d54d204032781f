// SPDX-License-Identifier: MIT
/*
 * P11: revoke of a small buffer while others are mapped, while another client
 * faults all the time, and while the device is being reset
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "faulters.h"
#include "hold.h"
#include "lease.h"
#include "others.h"
#include "report.h"
#include "revoked.h"
#include "settle.h"
#include "side.h"
#include "tap.h"

#define PAGES		4u	/* of the buffer that is revoked */
#define OFFSET		MIB(48)	/* in a BAR, behind all others */
#define FAULTED		MIB(2)
#define REVOKES		50	/* a burst, or while a reset is held */
#define BURSTS		4	/* a round */
#define PATIENCE	5	/* seconds for the revokes during a reset */

#define FIGURE(what_, name, most_) { \
	.id = "P11", .what = (what_), .unit = "us", \
	.lease = (name), .against = "quiet", \
	.least = NO_LIMIT, .most = (most_), \
}

static const struct figure with_faults =
	FIGURE("revoke of 4 pages while 4 threads fault", "faults", 2);
static const struct figure with_others =
	FIGURE("revoke of 4 pages, 10,000 others mapped", "10,000 others", 2);

/* As its owner resets a device, and as an administrator does */
static const struct {
	unsigned int hold;
	const char *truth;
	struct figure figure;
} resets[] = {
	{
		BARLEASE_HOLD_FOR_WRITING,
		"revokes while the owner's reset goes on",
		FIGURE("revoke of 4 pages during the owner's reset", "reset",
		       NO_LIMIT),
	}, {
		BARLEASE_HOLD_RESET,
		"revokes while an administrator's reset goes on",
		FIGURE("revoke of 4 pages during an administrator's reset",
		       "reset", NO_LIMIT),
	},
};

static struct vfio small, big;

static double median_of_revokes(const struct vfio *vfio)
{
	struct series all = { 0 };
	double median;

	for (int i = 0; i < REVOKES; i++)
		series_add(&all, revoke_one(vfio, OFFSET, PAGES));
	median = series_median(&all);
	series_free(&all);
	return median;
}

static void among_faults(void)
{
	struct faulted faulted = {
		lease_of(small.device, BAR2, 0, FAULTED), 0, FAULTED
	};
	struct faulters client = faulters_start(&faulted);
	struct pair pair = { 0 };

	for (int i = 0; i < BURSTS * bench_rounds(); i++) {
		double busy = median_of_revokes(&small);

		faulters_pause(&client);
		pair_add(&pair, busy, median_of_revokes(&small));
		faulters_resume(&client);
	}
	faulters_stop(&client);
	report_figure(&with_faults, &pair);
	pair_free(&pair);
}

/* Against a device like it, of which none are mapped */
static void among_others(void)
{
	struct others others = others_of(small.device);
	struct pair pair = { 0 };

	others_map(&others, OTHERS_MAX);
	for (int i = 0; i < SETTLE_GROWTH; i++) {
		others_lost(&others);
		settle_flush();
	}
	for (int i = 0; i < BURSTS * bench_rounds(); i++)
		pair_add(&pair, median_of_revokes(&small),
			 median_of_revokes(&big));
	others_unmap(&others);
	report_figure(&with_others, &pair);
	pair_free(&pair);
}

/* Who holds the reset is a fork, and is to map none of it. */
static void map_some(struct revoked *some)
{
	for (int i = 0; i < REVOKES; i++) {
		some[i] = revoked_map(&small, OFFSET + i * PAGES * PAGE, PAGES);
		if (madvise((void *)some[i].at, some[i].size, MADV_DONTFORK))
			bail("madvise() fails");
	}
}

static void *revoke_some(void *arg)
{
	static struct series all;
	const struct revoked *some = arg;

	series_free(&all);
	for (int i = 0; i < REVOKES; i++)
		series_add(&all, revoked_time(&some[i]));
	return &all;
}

/* 0 when they have not come back; they will, when the reset is over. */
static double median_of_thread(pthread_t thread)
{
	struct timespec until;
	void *all;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	if (pthread_timedjoin_np(thread, &all, &until))
		return 0;
	return series_median(all);
}

static double revokes_during(unsigned int hold)
{
	struct revoked some[REVOKES];
	struct peer holder;
	pthread_t thread;
	double median;

	map_some(some);
	holder = hold_begin(small.bdf, hold);
	if (pthread_create(&thread, NULL, revoke_some, some))
		bail("no thread");
	median = median_of_thread(thread);
	hold_end(&holder);
	if (!median)
		pthread_join(thread, NULL);
	for (int i = 0; i < REVOKES; i++)
		revoked_unmap(&some[i]);
	return median;
}

static void during_reset(size_t which)
{
	struct pair pair = { 0 };
	double median = 1;

	for (int i = 0; i < bench_rounds() && median; i++) {
		median = revokes_during(resets[which].hold);
		if (median)
			pair_add(&pair, median, median_of_revokes(&small));
	}
	if (median)
		report_figure(&resets[which].figure, &pair);
	report_truth("P11", resets[which].truth, median,
		     median ? "come back" : "wait for its end");
	pair_free(&pair);
}

int main(void)
{
	bench_begin("P11", "revoke in traffic");
	side_warm_up(dev_small());
	small = vfio_open(dev_small());
	big = vfio_open(dev_big());
	among_faults();
	for (size_t i = 0; i < sizeof(resets) / sizeof(*resets); i++)
		during_reset(i);
	among_others();
	vfio_close(&big);
	vfio_close(&small);
	return 0;
}
