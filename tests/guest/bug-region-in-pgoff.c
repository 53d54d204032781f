// SPDX-License-Identifier: MIT
/*
 * The bug: a zap that goes by other offsets than the maps. vm_pgoff of a BAR map
 * has the index of the region in its upper bits; v2 to v4 of the series
 * "vfio/pci: Add mmap() for DMABUFs" backed such a map with a DMABUF, and zapped
 * that from 0 to its size when it was revoked. So the page table entries of every
 * BAR but the first survived a revoke, a reset, and memory decode going off.
 *
 * No released kernel has it: vfio-pci zaps all offsets of the device. Here each
 * buffer has offsets of its own: docs/driver.md, "One address space a device".
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>

#include "access.h"
#include "config.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "stock.h"
#include "tap.h"

#define SIZE	MIB(4)
/* Into the file and into the BAR, so that neither begins where the other does */
#define OFFSET	MIB(2)
#define VALUE	0x9f0f

static void touched(mapping_t at, const char *name)
{
	reads(at, VALUE, "%s works", name);
	ok(pages_present(at, SIZE), "and has pages");
}

static void gone(mapping_t at, const char *when)
{
	is_int(pages_present(at, SIZE), 0, "%s, it has no page", when);
	sigbus(at, "and is SIGBUS");
}

/* Of BAR 2, whose region index is not 0 */
static void bar_map(const char *whose)
{
	struct vfio vfio = vfio_open(dev_small());
	mapping_t at = map_bar(&vfio, BAR2, OFFSET, SIZE);

	vfio_put32(&vfio, BAR2, OFFSET, VALUE);
	touched(at, whose);
	memory_decode(&vfio, false);
	gone(at, "with memory decode off");
	memory_decode(&vfio, true);
	touched(at, "with memory decode on, it");
	unmap(at, SIZE);
	vfio_close(&vfio);
}

static void leases(void)
{
	struct vfio vfio = vfio_open(dev_small());
	mapping_t bar = map_bar(&vfio, BAR2, OFFSET, SIZE), at;
	/* Page offsets of a device's first lease may begin at 0, where nothing shows. */
	int first = lease_of(vfio.device, BAR2, 0, SIZE), lease;

	vfio_put32(&vfio, BAR2, OFFSET, VALUE);
	touched(bar, "a BAR map");
	/* The lease's file from OFFSET on is the BAR from OFFSET on. */
	lease = lease_of(vfio.device, BAR2, 0, OFFSET + SIZE);
	at = map(lease, OFFSET, SIZE, RW);
	touched(at, "the middle of a lease");
	is_ok(lease_revoke(vfio.device, lease), "the lease is revoked");
	gone(at, "revoked");
	ok(entry_at(bar).present, "the BAR map has its page still");
	unmap(at, SIZE);
	close(lease);

	lease = lease_of(vfio.device, BAR2, 0, OFFSET + SIZE);
	at = map(lease, OFFSET, SIZE, RW);
	touched(at, "the middle of another lease");
	unmap(bar, SIZE);
	vfio_close(&vfio);
	gone(at, "with the device closed");
	unmap(at, SIZE);
	close(lease);
	close(first);
}

static void with_stock(void)
{
	bar_map("stock does not have the bug: a BAR map");
}

int main(void)
{
	const struct bdf dev = dev_small();

	bar_map("a BAR map");
	leases();
	stock_has(&dev, 1, with_stock);
	return tap_done();
}
