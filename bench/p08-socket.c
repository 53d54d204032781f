// SPDX-License-Identifier: MIT
/*
 * P8: a 32-bit access through a lease, and asked of the primary over a socket
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "lease.h"
#include "map.h"
#include "peer.h"
#include "report.h"
#include "tap.h"
#include "timer.h"

#define ACCESSES	10000
#define REQUESTS	5

static struct figure figures[] = {
	{
		.id = "P8", .what = "a 32-bit read", .unit = "ns",
		.lease = "lease", .against = "asking the primary",
		.inverse = true, .least = NO_LIMIT, .most = NO_LIMIT,
	},
	{
		.id = "P8", .what = "a 32-bit write", .unit = "ns",
		.lease = "lease", .against = "asking the primary",
		.inverse = true, .least = NO_LIMIT, .most = NO_LIMIT,
	},
};

static mapping_t bar, lease;

static volatile uint32_t *word_of(mapping_t at, int i)
{
	return (volatile uint32_t *)(at + (size_t)(i % 256) * 4);
}

/* They run in the primary: args are the word's number and the value */
static long primary_read(int fd, const long *args)
{
	(void)fd;
	return *word_of(bar, args[0]);
}

static long primary_write(int fd, const long *args)
{
	(void)fd;
	*word_of(bar, args[0]) = args[1];
	return 0;
}

static double asking(const struct peer *primary, bool write)
{
	double began = now_ns();

	for (int i = 0; i < REQUESTS; i++) {
		if (write)
			peer_call(primary, primary_write, -1, ARGS(i, i));
		else
			peer_call(primary, primary_read, -1, ARGS(i));
	}
	return (now_ns() - began) / REQUESTS;
}

static double accessing(bool write)
{
	double began = now_ns();

	for (int i = 0; i < ACCESSES; i++) {
		if (write)
			*word_of(lease, i) = i;
		else
			(void)*word_of(lease, i);
	}
	return (now_ns() - began) / ACCESSES;
}

int main(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int fd = lease_of(vfio.device, BAR2, 0, MIB(2));
	struct peer primary;

	bench_begin("P8", "an access asked of the primary");
	bar = map_bar(&vfio, BAR2, 0, MIB(2));
	primary = peer_start();
	lease = map(fd, 0, MIB(2), RW);
	for (int write = 0; write < 2; write++) {
		struct pair pair = { 0 };

		accessing(write);
		asking(&primary, write);
		for (int i = 0; i < 60 * bench_rounds(); i++)
			pair_add(&pair, accessing(write),
				 asking(&primary, write));
		report_figure(&figures[write], &pair);
		pair_free(&pair);
	}
	peer_stop(&primary);
	vfio_close(&vfio);
	return 0;
}
