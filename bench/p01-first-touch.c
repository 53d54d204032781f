// SPDX-License-Identifier: MIT
/*
 * P1: first touch of a BAR of 1 GiB, mapped where huge pages are possible
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "first-touch.h"
#include "lease.h"

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

int main(void)
{
	struct touching how = {
		.dev = dev_big(), .size = GIB(1), .memattr = NC,
		.align = GIB(1),
	};
	struct touched touched;

	bench_begin("P1", "first touch of 1 GiB, aligned");
	sides_begin();
	side_warm_up(how.dev);
	touched = first_touch(&how);
	report_figure(&faults, &touched.faults);
	report_figure(&ms, &touched.ms);
	touched_free(&touched);
	sides_end(how.dev);
	return 0;
}
