/* SPDX-License-Identifier: MIT */
/*
 * Give a PCI device another driver
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_DRIVER_H
#define CLI_DRIVER_H

#include "sysfs.h"

/* All return 0 or a negative errno, and take @root as in sysfs.h. */

/* Can it be a driver's, and no path? */
bool driver_is_name(const char *name);
/* Take it from the driver that it has, if any */
int driver_unbind(const char *root, const struct pci_device *dev);
/* What driver_override is to be; "" for nothing */
int driver_override(const char *root, const char *bdf, const char *driver);
/* Have the drivers that there are look at it */
int driver_probe(const char *root, const char *bdf);
/* One of them only; -ENOENT where there is none of that name */
int driver_bind(const char *root, const char *bdf, const char *driver);
/* The name that ours has now. Return: 0; -ENOENT where it is not loaded */
int driver_ours(const char *root, char *name, size_t size);

#endif
