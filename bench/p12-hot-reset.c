// SPDX-License-Identifier: MIT
/*
 * P12: hot resets of two devices while clients of both fault all the time: how
 * many are refused
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "faulters.h"
#include "lease.h"
#include "report.h"
#include "side.h"
#include "tap.h"

#define RESETS	200	/* a round */

/* Of a device: the BAR that its clients have, and how much of it */
struct half {
	struct bdf dev;
	unsigned int bar;
	size_t size;
	struct vfio vfio;
	int lease;
	struct faulters clients;
};

/* What came of the resets of a side */
struct count {
	int refused;
	int done;
	long faults;
};

static struct half halves[2];

/* Stock has no leases: the clients have the BAR itself. */
static void start_clients(struct half *half, enum side side)
{
	struct faulted faulted = { half->vfio.device, 0, half->size };

	half->lease = -1;
	if (side == LEASE) {
		half->lease = lease_of(half->vfio.device, half->bar, 0,
				       half->size);
		faulted.fd = half->lease;
	} else {
		faulted.offset = vfio_region(&half->vfio, half->bar).offset;
	}
	half->clients = faulters_start(&faulted);
}

static void begin(enum side side)
{
	for (int i = 0; i < 2; i++)
		side_bind(halves[i].dev, side);
	halves[0].vfio = vfio_open(halves[0].dev);
	halves[1].vfio = vfio_open_sibling(&halves[0].vfio, halves[1].dev);
	for (int i = 0; i < 2; i++)
		start_clients(&halves[i], side);
}

static void end(struct count *count)
{
	for (int i = 0; i < 2; i++) {
		count->faults += faulters_faults(&halves[i].clients);
		faulters_stop(&halves[i].clients);
		if (halves[i].lease >= 0)
			close(halves[i].lease);
	}
	for (int i = 0; i < 2; i++)
		vfio_close(&halves[i].vfio);
}

static void one_round(enum side side, struct count *count)
{
	begin(side);
	for (int i = 0; i < RESETS; i++) {
		int ret = vfio_hot_reset(&halves[0].vfio);

		if (ret && ret != -EBUSY)
			bail("a hot reset fails: %s", strerror(-ret));
		count->refused += ret == -EBUSY;
		count->done += !ret;
	}
	end(count);
}

static void report(const struct count *ours, const struct count *stock)
{
	char found[64];

	snprintf(found, sizeof(found), "%d of %d (vfio-pci: %d)", ours->refused,
		 ours->refused + ours->done, stock->refused);
	report_truth("P12", "no hot reset is refused (EBUSY)", !ours->refused,
		     found);
	report_fact("P12", "page faults meanwhile, on leases", ours->faults,
		    "faults");
	report_fact("P12", "page faults meanwhile, with vfio-pci",
		    stock->faults, "faults");
}

int main(void)
{
	struct count ours = { 0 }, stock = { 0 };

	bench_begin("P12", "hot resets under clients' faults");
	halves[0] = (struct half){ .dev = dev_edu(), .bar = BAR0,
				   .size = MIB(1) };
	halves[1] = (struct half){ .dev = dev_testdev(), .bar = BAR2,
				   .size = MIB(2) };
	sides_begin();
	for (int i = 0; i < bench_rounds(); i++) {
		one_round(LEASE, &ours);
		one_round(STOCK, &stock);
	}
	report(&ours, &stock);
	side_bind(halves[1].dev, LEASE);
	sides_end(halves[0].dev);
	return 0;
}
