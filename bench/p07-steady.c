// SPDX-License-Identifier: MIT
/*
 * P7: steady accesses through a lease, and through the BAR map of the device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>

#include "lease.h"
#include "map.h"
#include "report.h"
#include "side.h"
#include "timer.h"

#define BURSTS	200		/* a round */

typedef void (*burst_fn)(volatile uint32_t *at, int times);

__attribute__((noinline)) static void reads(volatile uint32_t *at, int times)
{
	for (int i = 0; i < times; i++)
		(void)*at;
}

__attribute__((noinline)) static void writes(volatile uint32_t *at, int times)
{
	for (int i = 0; i < times; i++)
		*at = i;
}

static double burst(burst_fn fn, mapping_t at, int times)
{
	double began = now_ns();

	fn((volatile uint32_t *)at, times);
	return (now_ns() - began) / times;
}

/* Short bursts in turn, so that whatever else the machine does hits both */
static void compare(const struct figure *figure, burst_fn fn, mapping_t lease,
		    mapping_t bar, int times)
{
	struct pair pair = { 0 };

	burst(fn, lease, times);
	burst(fn, bar, times);
	for (int i = 0; i < BURSTS * bench_rounds(); i++) {
		double by_lease, by_bar;

		if (i % 2) {
			by_lease = burst(fn, lease, times);
			by_bar = burst(fn, bar, times);
		} else {
			by_bar = burst(fn, bar, times);
			by_lease = burst(fn, lease, times);
		}
		pair_add(&pair, by_lease, by_bar);
	}
	report_figure(figure, &pair);
	pair_free(&pair);
}

#define FIGURE(what_) { \
	.id = "P7", .what = (what_), .unit = "ns", \
	.lease = "lease", .against = "device fd", \
	.least = 0.97, .most = 1.03, \
}

static const struct figure figures[] = {
	FIGURE("32-bit reads of a memory BAR"),
	FIGURE("32-bit writes to a memory BAR"),
	FIGURE("32-bit reads of a register"),
	FIGURE("32-bit writes to a register"),
};

/* The words at @word, through both */
static void device(struct bdf dev, unsigned int bar, size_t size, size_t word,
		   const struct figure *two, int times)
{
	struct vfio vfio = vfio_open(dev);
	int lease = lease_of(vfio.device, bar, 0, size);
	mapping_t by_lease = map_aligned(lease, 0, size, RW, MIB(2), 0);
	mapping_t by_bar = map_aligned(vfio.device,
				       vfio_region(&vfio, bar).offset, size,
				       RW, MIB(2), 0);

	compare(&two[0], reads, by_lease + word, by_bar + word, times);
	compare(&two[1], writes, by_lease + word, by_bar + word, times);
	unmap(by_lease, size);
	unmap(by_bar, size);
	close(lease);
	vfio_close(&vfio);
}

int main(void)
{
	bench_begin("P7", "steady 32-bit accesses");
	device(dev_small(), BAR2, MIB(2), 0x100, &figures[0], 20000);
	/* edu's register at 4 keeps what is written, inverted. */
	device(dev_edu(), BAR0, MIB(1), 4, &figures[2], 200);
	return 0;
}
