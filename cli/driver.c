// SPDX-License-Identifier: MIT
/*
 * Give a PCI device another driver
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

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

int driver_ours(const char *root, char *name, size_t size)
{
	static const char bus[] = "pci:";
	const struct dirent *entry;
	char path[PATH_MAX];
	int ret = -ENOENT;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/module/" OUR_MODULE "/drivers",
		 root);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (ret && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, bus, strlen(bus)))
			continue;
		snprintf(name, size, "%s", entry->d_name + strlen(bus));
		ret = 0;
	}
	closedir(dir);
	return ret;
}
