// SPDX-License-Identifier: MIT
/*
 * P2: first touch of 64 MiB, mapped where no huge page is possible
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "first-touch.h"
#include "lease.h"

static const struct figure faults = {
	.id = "P2", .what = "64 MiB misaligned, page faults", .unit = "faults",
	.lease = "lease", .against = "vfio-pci", .inverse = true,
	.least = 100, .most = NO_LIMIT,
};

static const struct figure ms = {
	.id = "P2", .what = "64 MiB misaligned, time to touch each page",
	.unit = "ms", .lease = "lease", .against = "vfio-pci", .inverse = true,
	.least = 5, .most = NO_LIMIT,
};

int main(void)
{
	struct touching how = {
		.dev = dev_small(), .size = MIB(64), .memattr = NC,
		.align = MIB(2), .remainder = PAGE,
	};
	struct touched touched;

	bench_begin("P2", "first touch of 64 MiB, misaligned");
	sides_begin();
	side_warm_up(how.dev);
	touched = first_touch(&how);
	report_figure(&faults, &touched.faults);
	report_figure(&ms, &touched.ms);
	touched_free(&touched);
	sides_end(how.dev);
	return 0;
}
