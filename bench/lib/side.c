// SPDX-License-Identifier: MIT
/*
 * A device that goes to and fro between the stock vfio-pci and barlease's
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <string.h>

#include "faults.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "side.h"
#include "tap.h"

static const char *const drivers[] = {
	[LEASE] = OUR_DRIVER,
	[STOCK] = STOCK_DRIVER,
};

void sides_begin(void)
{
	if (module_load("vfio-pci", NULL))
		bail("the stock vfio-pci does not load");
}

void side_bind(struct bdf dev, enum side side)
{
	char now[64];
	int ret;

	pci_driver(dev, now, sizeof(now));
	if (!strcmp(now, drivers[side]))
		return;
	ret = pci_bind(dev, drivers[side]);
	if (ret)
		bail("%s does not go to %s: %s", dev.name, drivers[side],
		     strerror(-ret));
}

void sides_end(struct bdf dev)
{
	side_bind(dev, LEASE);
	if (module_unload("vfio_pci"))
		bail("the stock vfio-pci does not unload");
}

struct vfio side_open(struct bdf dev, enum side side)
{
	side_bind(dev, side);
	return vfio_open(dev);
}

void side_warm_up(struct bdf dev)
{
	struct vfio vfio = vfio_open(dev);
	size_t size = vfio_region(&vfio, BAR2).size;
	mapping_t at = map_bar(&vfio, BAR2, 0, size);

	faults_of_touching(at, size, PAGE);
	unmap(at, size);
	vfio_close(&vfio);
}
