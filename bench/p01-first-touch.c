// SPDX-License-Identifier: MIT
/*
 * P1: first touch of a BAR of 1 GiB, mapped where huge pages are possible: in
 * entries of 2 MiB, against vfio-pci's one of 1 GiB
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>

#include "first-touch.h"
#include "lease.h"
#include "pagetable.h"

static const struct figure faults = {
	.id = "P1", .what = "1 GiB aligned, page faults", .unit = "faults",
	.lease = "lease", .against = "vfio-pci",
	.least = 1, .most = 1,
};

static const struct figure ms = {
	.id = "P1", .what = "1 GiB aligned, time to touch each page",
	.unit = "ms", .lease = "lease", .against = "vfio-pci",
	.least = NO_LIMIT, .most = 1.05,
};

/*
 * Without any fault, and so without the driver: a walk through the page table
 * has a level more. What the faults cost is what comes on top.
 */
static const struct figure again_ms = {
	.id = "P1", .what = "1 GiB aligned, time to touch each page again",
	.unit = "ms", .lease = "lease", .against = "vfio-pci",
	.least = NO_LIMIT, .most = NO_LIMIT,
};

static const struct figure times = {
	.id = "P1", .what = "1 GiB aligned, first touch in times of the next",
	.unit = "", .lease = "lease", .against = "vfio-pci",
	.least = NO_LIMIT, .most = 1.05,
};

/* Bytes that an entry maps: the largest of either side */
static size_t largest[2];

static void look(enum side side, mapping_t at, size_t size)
{
	for (size_t i = 0; i < size; i += MIB(2)) {
		size_t entry = entry_at(at + i).size;

		if (entry > largest[side])
			largest[side] = entry;
	}
}

static void report_entries(void)
{
	char found[64];

	snprintf(found, sizeof(found), "%g MiB (vfio-pci: %g MiB)",
		 largest[LEASE] / 0x1p20,
		 largest[STOCK] / 0x1p20);
	report_truth("P1", "no page table entry is larger than 2 MiB",
		     largest[LEASE] <= MIB(2), found);
}

int main(void)
{
	struct touching how = {
		.dev = dev_big(), .size = GIB(1), .memattr = NC,
		.align = GIB(1), .look = look,
	};
	struct touched touched;

	bench_begin("P1", "first touch of 1 GiB, aligned");
	sides_begin();
	side_warm_up(how.dev);
	touched = first_touch(&how);
	report_figure(&faults, &touched.faults);
	report_figure(&ms, &touched.ms);
	report_figure(&again_ms, &touched.again_ms);
	report_figure(&times, &touched.times);
	report_entries();
	touched_free(&touched);
	sides_end(how.dev);
	return 0;
}
