// SPDX-License-Identifier: GPL-2.0-only
/*
 * Standing in for vfio-pci
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "stand-in.h"

#define STOCK_DRIVER	"vfio-pci"
#define STOCK_MODULE	"vfio_pci"

static bool stand_in;
module_param(stand_in, bool, 0444);
MODULE_PARM_DESC(stand_in,
		 "Stand in for vfio-pci, under its name; it must not be loaded");

char barlease_driver_name[] = "barlease-vfio-pci";

void barlease_stand_in_name(void)
{
	if (stand_in)
		strscpy(barlease_driver_name, STOCK_DRIVER,
			sizeof(STOCK_DRIVER));
}

bool barlease_stock_is_there(void)
{
	return driver_find(STOCK_DRIVER, &pci_bus_type);
}

/* The bus keeps the driver meanwhile, and so the module's name. */
static int say_what_helps(struct device_driver *driver, void *unused)
{
	if (strcmp(driver->name, STOCK_DRIVER))
		return 0;

	if (driver->owner)
		pr_err("barlease-vfio-pci: stand_in=1, but there is a driver %s: unload it first (modprobe -r %s)\n",
		       STOCK_DRIVER, module_name(driver->owner));
	else
		pr_err("barlease-vfio-pci: stand_in=1, but %s is built into this kernel, and cannot be unloaded: boot with initcall_blacklist=vfio_pci_init, or do without stand_in and write barlease-vfio-pci to the driver_override of devices\n",
		       STOCK_DRIVER);
	return 1;
}

void barlease_stand_in_taken(int error)
{
	if (stand_in && error == -EBUSY)
		bus_for_each_drv(&pci_bus_type, NULL, NULL, say_what_helps);
}

/*
 * DPDK does not even try a device unless /sys/module/vfio_pci is there, and
 * libvirt follows it to the driver. It also has modprobe take vfio-pci for
 * loaded, and keeps the kernel from loading it.
 */
int barlease_stand_in_link(void)
{
	struct kobject *self = &THIS_MODULE->mkobj.kobj;

	if (!stand_in)
		return 0;
	return sysfs_create_link(self->parent, self, STOCK_MODULE);
}

void barlease_stand_in_unlink(void)
{
	if (stand_in)
		sysfs_remove_link(THIS_MODULE->mkobj.kobj.parent, STOCK_MODULE);
}
