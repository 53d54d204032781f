// SPDX-License-Identifier: MIT
/*
 * The devices that a command line names
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>

#include "device.h"

int device_named(const struct verb *verb, const char *name,
		 struct pci_device *dev)
{
	char bdf[BDF_SIZE];

	if (barlease_pci_address(name, bdf))
		return misused(verb, "\"%s\" is no PCI address, as 0000:03:00.0 is one",
			       name);
	if (sysfs_device("", bdf, dev))
		return failed_by(verb, -ENODEV, "no device %s; 'barlease list' shows them",
				 bdf);
	return EXIT_SUCCESS;
}

int devices_named(const struct verb *verb, int nr, char **names,
		  struct pci_device **devs)
{
	int i, ret = EXIT_SUCCESS;

	*devs = calloc(nr, sizeof(**devs));
	if (!*devs)
		return failed(verb, "out of memory");
	for (i = 0; i < nr && !ret; i++)
		ret = device_named(verb, names[i], &(*devs)[i]);
	if (ret)
		free(*devs);
	return ret;
}
