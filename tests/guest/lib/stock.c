// SPDX-License-Identifier: MIT
/*
 * The kernel's own vfio-pci
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>

#include "importer.h"
#include "kernel.h"
#include "lease.h"
#include "stock.h"
#include "tap.h"

void stock_takes(struct bdf dev)
{
	int ret = module_load("vfio-pci", NULL);

	is_ok(ret ?: pci_bind(dev, STOCK_DRIVER), "stock vfio-pci gets %s",
	      dev.name);
}

void stock_returns(struct bdf dev)
{
	is_ok(pci_bind(dev, OUR_DRIVER), "this driver gets %s back", dev.name);
}

int stock_export(const struct vfio *vfio, unsigned int bar)
{
	struct vfio_region_dma_range range = { 0, PAGE };
	int fd = lease_export(vfio->device, bar, O_RDWR | O_CLOEXEC, &range, 1);

	if (importers_possible()) {
		is_ok(fd, "stock vfio-pci exports a DMABUF");
		return fd;
	}
	is_error(fd, ENOTTY, "stock vfio-pci of this kernel exports none: ENOTTY");
	return -1;
}
