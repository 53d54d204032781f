// SPDX-License-Identifier: MIT
/*
 * The bug: a fault that waits for a reset with mmap_lock held. A reset has
 * memory_lock for writing while it lasts, which on real devices is a second and
 * more; whoever touches the device meanwhile waits for it in the fault, and every
 * mmap(), munmap() and mprotect() of the process waits for him. Lockdep has a
 * report of the two locks as well, as soon as anything in a reset comes to need
 * mmap_lock.
 *
 * vfio-pci has it (6.12 and 7.3: vfio_pci_mmap_huge_fault()). Here a fault lets go
 * of what it came with before it waits: docs/driver.md, "Locks".
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>

#include "bystander.h"
#include "hold.h"
#include "lease.h"
#include "map.h"
#include "stock.h"
#include "tap.h"

#define SIZE	MIB(4)
#define VALUE	0xfa17

/* @at has no page yet. Does who only maps memory wait for the reset? */
static bool waits_for_reset(struct bystander *bystander, struct bdf dev,
			    mapping_t at, const char *function)
{
	struct peer reset = hold_begin(dev, BARLEASE_HOLD_FOR_WRITING);
	bool waits = bystander_waits(bystander, at, function,
				     bystander_maps_memory);

	hold_end(&reset);
	return waits;
}

static void with_this_driver(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	struct bystander bystander;

	vfio_put32(&vfio, BAR2, 0, VALUE);
	ok(!waits_for_reset(&bystander, vfio.bdf, at, "barlease_access"),
	   "during a reset, another thread of the process maps memory");
	bystander_end(&bystander, VALUE);
	unmap(at, SIZE);
	close(lease);
	vfio_close(&vfio);
}

static void with_stock(void)
{
	struct vfio vfio = vfio_open(dev_small());
	mapping_t at = map_aligned(vfio.device, vfio_region(&vfio, BAR2).offset,
				   SIZE, RW, MIB(2), PAGE);
	struct bystander bystander;

	vfio_put32(&vfio, BAR2, 0, VALUE);
	ok(waits_for_reset(&bystander, vfio.bdf, at, "vfio_pci_mmap"),
	   "stock has the bug: who maps memory waits for the reset");
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
