// SPDX-License-Identifier: MIT
/*
 * Give a PCI device another driver
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "file.h"

#define BUS	"/sys/bus/pci"

bool driver_is_name(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/');
}

/* A directory itself of those that there are, so that nothing leads elsewhere */
static int open_driver(const char *root, const char *driver)
{
	char path[PATH_MAX];
	int all, fd;

	if (!driver_is_name(driver))
		return -EINVAL;
	snprintf(path, sizeof(path), "%s" BUS "/drivers", root);
	all = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (all < 0)
		return -errno;
	fd = openat(all, driver, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	fd = fd < 0 ? -errno : fd;
	close(all);
	return fd;
}

static int tell(const char *root, const char *driver, const char *attribute,
		const char *bdf)
{
	int dir, fd, ret = 0;

	dir = open_driver(root, driver);
	if (dir < 0)
		return dir;
	fd = openat(dir, attribute, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || write(fd, bdf, strlen(bdf)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	close(dir);
	return ret;
}

int driver_unbind(const char *root, const struct pci_device *dev)
{
	return dev->driver[0] ? tell(root, dev->driver, "unbind", dev->bdf) : 0;
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
	return tell(root, driver, "bind", bdf);
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
