// SPDX-License-Identifier: MIT
/*
 * Give a PCI device another driver
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "driver.h"
#include "file.h"

#define BUS	"/sys/bus/pci"

int driver_unbind(const char *root, const struct pci_device *dev)
{
	if (!dev->driver[0])
		return 0;
	return file_write(dev->bdf, "%s" BUS "/drivers/%s/unbind", root,
			  dev->driver);
}

int driver_override(const char *root, const char *bdf, const char *driver)
{
	/* A write of nothing at all never arrives; an empty line does. */
	return file_write(driver[0] ? driver : "\n",
			  "%s" BUS "/devices/%s/driver_override", root, bdf);
}

int driver_probe(const char *root, const char *bdf)
{
	return file_write(bdf, "%s" BUS "/drivers_probe", root);
}

int driver_bind(const char *root, const char *bdf, const char *driver)
{
	return file_write(bdf, "%s" BUS "/drivers/%s/bind", root, driver);
}

bool driver_is_loaded(const char *root, const char *driver)
{
	return file_exists("%s" BUS "/drivers/%s", root, driver);
}
