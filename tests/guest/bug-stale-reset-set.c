// SPDX-License-Identifier: MIT
/*
 * The bug: a device in the set of those that are reset together, after it was
 * unbound. VFIO takes a device off that list when the last reference to its
 * vfio_device is dropped. A driver whose DMABUFs have such references, as this one,
 * leaves that to whoever keeps an fd: a hot reset of a sibling, or its close, then
 * goes by a PCI device that is freed, or resets one that a driver of the host has.
 *
 * vfio-pci does not have it: its close of the device takes DMABUFs away from it.
 * Nor has this driver, any more, which takes the device off at the unbind:
 * docs/driver.md, "Life times". unbound has it all; this is the one that is seen
 * without luck.
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>

#include "lease.h"
#include "stock.h"
#include "tap.h"

static void reset_both(const char *whose)
{
	struct vfio edu = vfio_open(dev_edu());
	struct vfio testdev = vfio_open_sibling(&edu, dev_testdev());

	is_ok(vfio_hot_reset(&testdev), "%s, a hot reset of both works", whose);
	vfio_close(&testdev);
	vfio_close(&edu);
}

/* Somebody keeps @dmabuf of edu, which is closed by now. */
static void bound_again(const char *driver, int dmabuf)
{
	is_ok(pci_unbind(dev_edu()), "edu is unbound, with a DMABUF of it left");
	is_ok(pci_unbind(dev_testdev()), "and what is reset with it");
	is_ok(pci_bind(dev_edu(), driver), "edu is bound again");
	is_ok(pci_bind(dev_testdev(), driver), "and the other");
	reset_both("with the DMABUF kept");
	close(dmabuf);
	reset_both("with the DMABUF gone");
}

static void with_this_driver(void)
{
	struct vfio edu = vfio_open(dev_edu());
	int lease = lease_of(edu.device, BAR0, 0, PAGE);

	vfio_close(&edu);
	bound_again(OUR_DRIVER, lease);
}

static void with_stock(void)
{
	struct vfio edu = vfio_open(dev_edu());
	int dmabuf = stock_export(&edu, BAR0);

	vfio_close(&edu);
	if (dmabuf < 0)
		return;
	diag("stock of this kernel does not have the bug");
	bound_again(STOCK_DRIVER, dmabuf);
}

int main(void)
{
	const struct bdf devs[] = { dev_edu(), dev_testdev() };

	with_this_driver();
	stock_has(devs, 2, with_stock);
	return tap_done();
}
