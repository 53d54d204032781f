// SPDX-License-Identifier: MIT
/*
 * P3b: first touch of 1 GiB that is write-combining, in entries of 2 MiB, and
 * its revoke; against the same at an address that forbids huge pages
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <math.h>
#include <stdio.h>
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

#define SIZE	GIB(1)
#define TRIES	2

#define FIGURE(what_, unit_, least_) { \
	.id = "P3b", .what = (what_), .unit = (unit_), \
	.lease = "aligned", .against = "in 4 KiB entries", \
	.inverse = true, .least = (least_), .most = NO_LIMIT, \
}

static const struct figure faults_figure =
	FIGURE("1 GiB write-combining, page faults", "faults", 512);
static const struct figure touch_figure =
	FIGURE("1 GiB write-combining, time to touch each page", "ms", NO_LIMIT);
static const struct figure revoke_figure =
	FIGURE("1 GiB write-combining, revoke", "us", 50);

struct one {
	double faults;
	double ms;
	double revoke_us;
};

static struct vfio vfio;
static size_t fewest_large = SIZE / MIB(2);

static void look(mapping_t at)
{
	size_t large = 0;

	for (size_t i = 0; i < SIZE; i += MIB(2)) {
		struct entry entry = entry_at(at + i);

		large += entry.size == MIB(2) && entry.cache == CACHE_WC;
	}
	if (large < fewest_large)
		fewest_large = large;
}

static mapping_t map_lease(int lease, size_t remainder)
{
	if (lease_set_memattr(vfio.device, lease, WC))
		bail("this machine cannot have write-combining leases");
	return map_aligned(lease, 0, SIZE, RW, GIB(1), remainder);
}

static struct one once(size_t remainder)
{
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map_lease(lease, remainder);
	struct one one;
	double began;

	settle();
	began = now_ns();
	one.faults = faults_of_touching(at, SIZE, PAGE);
	one.ms = (now_ns() - began) / 1e6;
	if (!remainder)
		look(at);
	began = now_ns();
	if (lease_revoke(vfio.device, lease))
		bail("a revoke fails");
	one.revoke_us = (now_ns() - began) / 1e3;
	unmap(at, SIZE);
	close(lease);
	return one;
}

/* The quickest: what makes one of them slower is the rest of the machine. */
static void better(struct one *best, struct one one)
{
	best->faults = one.faults;
	best->ms = fmin(best->ms, one.ms);
	best->revoke_us = fmin(best->revoke_us, one.revoke_us);
}

static void one_round(struct pair *faults, struct pair *ms, struct pair *revoke)
{
	struct one large = { 0, INFINITY, INFINITY }, small = large;

	for (int i = 0; i < TRIES; i++) {
		better(&large, once(0));
		better(&small, once(PAGE));
	}
	pair_add(faults, large.faults, small.faults);
	pair_add(ms, large.ms, small.ms);
	pair_add(revoke, large.revoke_us, small.revoke_us);
}

static void report_entries(const struct pair *faults)
{
	double count = series_median(&faults->lease);
	char found[64];

	snprintf(found, sizeof(found), "%.0f", count);
	report_truth("P3b", "1 GiB write-combining takes one page fault",
		     count == 1, found);
	snprintf(found, sizeof(found), "%zu of %zu", fewest_large,
		 (size_t)(SIZE / MIB(2)));
	report_truth("P3b", "page table entries that are WC and of 2 MiB",
		     fewest_large == SIZE / MIB(2), found);
}

int main(void)
{
	struct pair faults = { 0 }, ms = { 0 }, revoke = { 0 };

	bench_begin("P3b", "first touch and revoke of 1 GiB, write-combining");
	side_warm_up(dev_big());
	vfio = vfio_open(dev_big());
	for (int i = 0; i < bench_rounds(); i++)
		one_round(&faults, &ms, &revoke);
	report_figure(&faults_figure, &faults);
	report_figure(&touch_figure, &ms);
	report_figure(&revoke_figure, &revoke);
	report_entries(&faults);
	pair_free(&faults);
	pair_free(&ms);
	pair_free(&revoke);
	vfio_close(&vfio);
	return 0;
}
