// SPDX-License-Identifier: MIT
/*
 * P17: how long a client stands still while its lease is paused and resumed, one of
 * 1,000; against a revoke and the first fault of another lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "others.h"
#include "report.h"
#include "revoked.h"
#include "side.h"
#include "tap.h"
#include "timer.h"

#define PAGES	64u		/* of the buffer that is paused */
#define OFFSET	MIB(48)		/* in a BAR, behind the others */
#define OTHERS	999u
#define TURNS	20		/* a burst, of which the quickest counts */
#define VALUES	15		/* a round */

static const struct figure figure = {
	.id = "P17", .what = "pause, resume and a fault, among 1,000 leases",
	.unit = "us", .lease = "pause, resume", .against = "revoke",
	.least = NO_LIMIT, .most = 1.5,
};

static void touch(mapping_t at)
{
	uint32_t value;

	if (!read32(at, &value))
		bail("a lease cannot be read");
}

static double pause_and_touch(const struct revoked *lease)
{
	double began = now_ns();

	if (lease_pause(lease->vfio->device, lease->fd) ||
	    lease_resume(lease->vfio->device, lease->fd))
		bail("a pause fails");
	touch(lease->at);
	return (now_ns() - began) / 1e3;
}

/* The other one is mapped as large, and nobody has touched it yet. */
static double revoke_and_touch(const struct vfio *vfio)
{
	struct revoked lease = revoked_map(vfio, OFFSET, PAGES);
	int fd = lease_of(vfio->device, BAR2, OFFSET, lease.size);
	mapping_t next = map(fd, 0, lease.size, RW);
	double began = now_ns(), us;

	if (lease_revoke(vfio->device, lease.fd))
		bail("a revoke fails");
	touch(next);
	us = (now_ns() - began) / 1e3;
	unmap(next, lease.size);
	close(fd);
	revoked_unmap(&lease);
	return us;
}

static void one_value(const struct vfio *vfio, const struct revoked *lease,
		      struct pair *pair)
{
	double paused = INFINITY, revoked = INFINITY;

	for (int i = 0; i < TURNS; i++) {
		paused = fmin(paused, pause_and_touch(lease));
		revoked = fmin(revoked, revoke_and_touch(vfio));
	}
	pair_add(pair, paused, revoked);
}

int main(void)
{
	struct pair pair = { 0 };
	struct revoked lease;
	struct others others;
	unsigned int lost;
	struct vfio vfio;
	char found[64];

	bench_begin("P17", "pause and resume of one lease");
	side_warm_up(dev_small());
	vfio = vfio_open(dev_small());
	others = others_of(vfio.device);
	others_map(&others, OTHERS);
	lease = revoked_map(&vfio, OFFSET, PAGES);
	for (int i = 0; i < VALUES * bench_rounds(); i++)
		one_value(&vfio, &lease, &pair);
	lost = others_lost(&others);
	report_figure(&figure, &pair);
	snprintf(found, sizeof(found), "%u lost in %d pauses", lost,
		 VALUES * bench_rounds() * TURNS);
	report_truth("P17", "other leases keep their entries", !lost, found);
	pair_free(&pair);
	revoked_unmap(&lease);
	others_unmap(&others);
	vfio_close(&vfio);
	return 0;
}
