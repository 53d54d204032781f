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

void stock_has(const struct bdf *devs, size_t nr, void (*look)(void))
{
	is_int(module_load("vfio-pci", NULL), 0, "stock vfio-pci is loaded");
	for (size_t i = 0; i < nr; i++)
		is_ok(pci_bind(devs[i], STOCK_DRIVER), "it gets %s", devs[i].name);
	look();
	for (size_t i = 0; i < nr; i++)
		is_ok(pci_bind(devs[i], OUR_DRIVER), "this driver gets %s back",
		      devs[i].name);
	stock_is_unloaded();
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
