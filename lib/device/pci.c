// SPDX-License-Identifier: MIT
/*
 * What sysfs says of the PCI device at an address
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pci.h"

#define DEVICES	"/sys/bus/pci/devices"

int bl_pci_group(const struct bl_pci *pci)
{
	char path[128], target[PATH_MAX], *end;
	const char *name;
	unsigned long group;
	ssize_t size;

	snprintf(path, sizeof(path), DEVICES "/%s/iommu_group", pci->name);
	size = readlink(path, target, sizeof(target) - 1);
	if (size < 0)
		return -ENODEV;
	target[size] = '\0';

	name = strrchr(target, '/');
	if (!name)
		return -ENODEV;
	errno = 0;
	group = strtoul(name + 1, &end, 10);
	if (errno || end == name + 1 || *end || group > INT_MAX)
		return -ENODEV;
	return (int)group;
}

bool bl_pci_without_iommu(const struct bl_pci *pci)
{
	static const char want[] = "vfio-noiommu\n";
	char path[128], name[sizeof(want)] = "";
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), DEVICES "/%s/iommu_group/name", pci->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, name, sizeof(name) - 1);
	close(fd);
	return size > 0 && !strcmp(name, want);
}

int bl_pci_vfio_name(const struct bl_pci *pci, char *name, size_t size)
{
	const struct dirent *entry;
	int ret = -ENODEV;
	char path[128];
	DIR *dir;

	snprintf(path, sizeof(path), DEVICES "/%s/vfio-dev", pci->name);
	dir = opendir(path);
	if (!dir)
		return -ENODEV;

	while (ret && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4) &&
		    strncmp(entry->d_name, "noiommu-vfio", 12))
			continue;
		if (snprintf(name, size, "%s", entry->d_name) < (int)size)
			ret = 0;
	}
	closedir(dir);
	return ret;
}
