// SPDX-License-Identifier: MIT
/*
 * P4: the look-up of a physical address in a buffer of N ranges: the driver's
 * own code, against a walk over the same ranges
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <math.h>
#include <stdlib.h>

#include "prng.h"
#include "range.h"
#include "report.h"
#include "tap.h"
#include "timer.h"

#define MOST	65536u
#define PAGE	4096ull
#define FIRST	(1ull << 30)	/* physical address of the first range */

static const struct figure figure = {
	.id = "P4", .what = "look-up among 65,536 ranges", .unit = "ns",
	.lease = "search", .against = "linear walk", .inverse = true,
	.least = 500, .most = NO_LIMIT,
};

static const struct figure growth = {
	.id = "P4", .what = "look-up, 65,536 ranges against 256", .unit = "ns",
	.lease = "65,536", .against = "256",
	/* log 65,536 is twice log 256; caches have their part, too. */
	.least = NO_LIMIT, .most = 3,
};

static bool walk(const struct barlease_ranges *ranges, u64 offset,
		 struct barlease_extent *extent)
{
	for (u32 i = 0; i < ranges->nr; i++) {
		u64 end = i + 1 < ranges->nr ?
				  ranges->range[i + 1].range_start :
				  ranges->size;

		if (offset < end) {
			extent->range_start = ranges->range[i].range_start;
			extent->range_end = end;
			extent->phys_start = ranges->range[i].phys_start;
			return true;
		}
	}
	return false;
}

typedef bool (*look_up_fn)(const struct barlease_ranges *ranges, u64 offset,
			   struct barlease_extent *extent);

/* No two neighbours are physically contiguous, or they would be merged */
static struct barlease_ranges *ranges_of(u32 n)
{
	struct barlease_ranges *ranges =
		calloc(1, sizeof(*ranges) + n * sizeof(ranges->range[0]));

	if (!ranges)
		bail("no memory");
	ranges->room = n;
	for (u32 i = 0; i < n; i++)
		barlease_ranges_append(ranges, FIRST + 2 * i * PAGE, PAGE);
	return ranges;
}

/* Nanoseconds for one; the same offsets each time */
static double time_of(look_up_fn fn, const struct barlease_ranges *ranges,
		      int times)
{
	struct prng prng = prng_seeded(4);
	struct barlease_extent extent;
	u64 wrong = 0;
	double began;

	began = now_ns();
	for (int i = 0; i < times; i++) {
		u64 page = prng_below(&prng, ranges->nr);

		if (!fn(ranges, page * PAGE, &extent) ||
		    extent.phys_start != FIRST + 2 * page * PAGE)
			wrong++;
	}
	began = now_ns() - began;
	if (wrong)
		bail("%llu look-ups went wrong", (unsigned long long)wrong);
	return began / times;
}

/* In a round the two take turns, and the quickest of each counts. */
static void one_round(const struct barlease_ranges *ranges, struct pair *pair)
{
	int walks = MOST / ranges->nr < 10 ? 10 : MOST / ranges->nr;
	double search = INFINITY, linear = INFINITY;

	if (walks > 1000)
		walks = 1000;
	for (int i = 0; i < 10; i++) {
		search = fmin(search, time_of(barlease_ranges_find, ranges,
					      1000));
		linear = fmin(linear, time_of(walk, ranges, walks));
	}
	pair_add(pair, search, linear);
}

/* Returns the median of the search */
static double at_size(u32 n)
{
	struct barlease_ranges *ranges = ranges_of(n);
	struct pair pair = { 0 };
	double search;

	for (int i = 0; i < bench_rounds(); i++)
		one_round(ranges, &pair);
	if (n == MOST)
		report_figure(&figure, &pair);
	search = series_median(&pair.lease);
	report_point("P4", "search", n, &pair.lease);
	report_point("P4", "linear walk", n, &pair.against);
	series_free(&pair.ratio);
	free(ranges);
	return search;
}

int main(void)
{
	struct pair pair = { 0 };
	double few = 0, many;

	bench_begin("P4", "look-up among N ranges");
	for (u32 n = 1; n < MOST; n *= 4) {
		double ns = at_size(n);

		if (n == 256)
			few = ns;
	}
	many = at_size(MOST);
	pair_add(&pair, many, few);
	report_figure(&growth, &pair);
	pair_free(&pair);
	return 0;
}
