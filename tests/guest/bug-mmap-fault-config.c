// SPDX-License-Identifier: MIT
/*
 * The bug: three that wait for each other. A read of the device has memory_lock for
 * reading, and faults on the memory that it reads into, for which it needs
 * mmap_lock. A write to config space wants memory_lock for writing, and waits. And
 * an mmap() of the device has mmap_lock, and queues for memory_lock behind it.
 * mmap() of the series "vfio/pci: Add mmap() for DMABUFs" took memory_lock, and
 * lockdep reported the two locks in both orders.
 *
 * Released kernels have no such mmap(). But a fault of theirs waits for memory_lock
 * with mmap_lock held, for which mmap() waits: so it stands behind the writer in
 * stock 6.12 and 7.3 as well, and all that keeps the circle open is that no read
 * there faults with memory_lock held.
 *
 * Here neither waits: docs/driver.md, "Locks".
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>

#include "bystander.h"
#include "config.h"
#include "hold.h"
#include "lease.h"
#include "map.h"
#include "stack.h"
#include "stock.h"
#include "tap.h"

#define SIZE	MIB(4)
#define VALUE	0x3a17

static struct vfio vfio;
static int lease = -1;

static long map_all(void *unused)
{
	long ret = bystander_maps_memory(unused);

	if (!ret && lease >= 0)
		ret = try_map(lease, 0, SIZE, RW, MAP_SHARED);
	return ret ?: try_map(vfio.device, vfio_region(&vfio, BAR2).offset, SIZE,
			      RW, MAP_SHARED);
}

/* Whatever is written there, the core takes memory_lock for it. */
static long write_config(int fd, const long *args)
{
	const struct vfio there = { .device = fd };

	(void)args;
	memory_decode(&there, true);
	return 0;
}

/* @at: a BAR map in small pages. Does mmap() wait, and so close the circle? */
static bool mmap_waits(struct bystander *bystander, mapping_t at,
		       const char *function)
{
	struct peer writer = peer_start(), reader;
	bool waits;

	reader = hold_begin(vfio.bdf, BARLEASE_HOLD_FOR_READING);
	peer_begin(&writer, write_config, vfio.device, NULL);
	ok(sleeps_in(writer.pid, "vfio_pci_config_rw"),
	   "a write to config space waits for a reader");
	waits = bystander_waits(bystander, at, function, map_all);
	hold_end(&reader);
	is_ok(peer_result(&writer), "with no reader left, it is done");
	peer_stop(&writer);
	return waits;
}

static mapping_t bar_in_small_pages(void)
{
	return map_aligned(vfio.device, vfio_region(&vfio, BAR2).offset, SIZE,
			   RW, MIB(2), PAGE);
}

static void with_this_driver(void)
{
	struct bystander bystander;
	mapping_t at;

	vfio = vfio_open(dev_small());
	vfio_put32(&vfio, BAR2, 0, VALUE);
	lease = lease_of(vfio.device, BAR2, 0, SIZE);
	at = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	ok(!mmap_waits(&bystander, at, "barlease_access"),
	   "memory, a lease and a BAR are mapped meanwhile");
	bystander_end(&bystander, VALUE);
	unmap(at, SIZE);
	close(lease);
	lease = -1;
	vfio_close(&vfio);
}

static void with_stock(void)
{
	struct bystander bystander;
	mapping_t at;

	vfio = vfio_open(dev_small());
	vfio_put32(&vfio, BAR2, 0, VALUE);
	at = bar_in_small_pages();
	ok(mmap_waits(&bystander, at, "vfio_pci_mmap"),
	   "stock has that much of it: mmap() waits for the writer");
	bystander_end(&bystander, VALUE);
	unmap(at, SIZE);
	vfio_close(&vfio);
}

int main(void)
{
	const struct bdf dev = dev_small();

	with_this_driver();
	stock_has(&dev, 1, with_stock);
	return tap_done();
}
