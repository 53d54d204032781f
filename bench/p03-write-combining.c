// SPDX-License-Identifier: MIT
/*
 * P3: first touch of 8 MiB that are write-combining, mapped where no huge page
 * is possible
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>

#include "first-touch.h"
#include "lease.h"
#include "pagetable.h"

#define SIZE	MIB(8)

static const struct figure faults = {
	.id = "P3", .what = "8 MiB write-combining, page faults",
	.unit = "faults", .lease = "WC lease", .against = "a fault a page",
	.inverse = true, .least = 256, .most = NO_LIMIT,
};

static const struct figure ms = {
	.id = "P3", .what = "8 MiB write-combining, time to touch each page",
	.unit = "ms", .lease = "WC lease", .against = "a fault a page",
	.inverse = true, .least = NO_LIMIT, .most = NO_LIMIT,
};

static size_t fewest_wc = SIZE / PAGE;

static void look(enum side side, mapping_t at, size_t size)
{
	size_t wc = pages_cached(at, size, CACHE_WC);

	if (side == LEASE && wc < fewest_wc)
		fewest_wc = wc;
}

int main(void)
{
	/* The stock driver has it uncached: misaligned, it faults at each page */
	struct touching how = {
		.dev = dev_small(), .size = SIZE, .memattr = WC,
		.align = MIB(2), .remainder = PAGE, .look = look,
	};
	struct touched touched;
	char found[64];

	bench_begin("P3", "first touch of 8 MiB, write-combining");
	sides_begin();
	side_warm_up(how.dev);
	touched = first_touch(&how);
	report_figure(&faults, &touched.faults);
	report_figure(&ms, &touched.ms);
	snprintf(found, sizeof(found), "%zu of %zu pages", fewest_wc,
		 (size_t)(SIZE / PAGE));
	report_truth("P3", "page table entries that are WC",
		     fewest_wc == SIZE / PAGE, found);
	touched_free(&touched);
	sides_end(how.dev);
	return 0;
}
