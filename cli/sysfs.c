// SPDX-License-Identifier: MIT
/*
 * PCI devices, as sysfs shows them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "sysfs.h"

#define DEVICES	"/sys/bus/pci/devices"

/* <linux/ioport.h>, in the third column of "resource" */
#define IORESOURCE_IO		0x00000100
#define IORESOURCE_MEM		0x00000200
#define IORESOURCE_PREFETCH	0x00002000

#define CLASS_BRIDGE		0x06

static unsigned int read_hex(const char *root, const char *bdf,
			     const char *attr)
{
	char text[32];

	if (file_read(text, sizeof(text), "%s" DEVICES "/%s/%s", root, bdf,
		      attr))
		return 0;
	return strtoul(text, NULL, 16);
}

static void read_bars(const char *root, struct pci_device *dev)
{
	uint64_t start, end, flags;
	char *text, *line;
	int i;

	if (file_read_all(&text, "%s" DEVICES "/%s/resource", root, dev->bdf))
		return;
	line = text;
	for (i = 0; i < PCI_BARS; i++) {
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start,
			   &end, &flags) != 3)
			break;
		if (end > start && flags & (IORESOURCE_IO | IORESOURCE_MEM))
			dev->bar[i] = (struct pci_bar){
				.size = end - start + 1,
				.in_page = start % sysconf(_SC_PAGESIZE),
				.memory = flags & IORESOURCE_MEM,
				.prefetchable = flags & IORESOURCE_PREFETCH,
			};
		line = strchrnul(line, '\n');
		line += *line == '\n';
	}
	free(text);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Whatever driver it is, a VFIO device has a directory "vfio-dev/vfioN". */
static void read_vfio(const char *root, struct pci_device *dev)
{
	char path[PATH_MAX];
	struct dirent **names;
	int i, n;

	snprintf(path, sizeof(path), "%s" DEVICES "/%s/vfio-dev", root,
		 dev->bdf);
	n = scandir(path, &names, not_hidden, alphasort);
	if (n < 0)
		return;
	for (i = 0; i < n; i++) {
		if (!i)
			snprintf(dev->vfio, sizeof(dev->vfio), "%.31s",
				 names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static void read_drivers(const char *root, struct pci_device *dev)
{
	char group[16], name[32];

	file_link_name(dev->driver, sizeof(dev->driver),
		       "%s" DEVICES "/%s/driver", root, dev->bdf);
	if (dev->driver[0])
		file_link_name(dev->module, sizeof(dev->module),
			       "%s/sys/bus/pci/drivers/%s/module", root,
			       dev->driver);
	if (file_read(dev->override, sizeof(dev->override),
		      "%s" DEVICES "/%s/driver_override", root, dev->bdf) ||
	    !strcmp(dev->override, "(null)"))
		dev->override[0] = '\0';
	file_link_name(group, sizeof(group), "%s" DEVICES "/%s/iommu_group",
		       root, dev->bdf);
	dev->group = group[0] ? (int)strtol(group, NULL, 10) : -1;
	dev->no_iommu = !file_read(name, sizeof(name),
				   "%s" DEVICES "/%s/iommu_group/name", root,
				   dev->bdf) &&
			!strcmp(name, "vfio-noiommu");
}

struct group_text pci_group_text(const struct pci_device *dev)
{
	struct group_text group;

	snprintf(group.text, sizeof(group.text), "%s%d",
		 dev->no_iommu ? "noiommu-" : "", dev->group);
	return group;
}

bool sysfs_noiommu_mode(const char *root)
{
	char mode[8];

	return !file_read(mode, sizeof(mode),
			  "%s" SYSFS_NOIOMMU_MODE, root) && mode[0] == 'Y';
}

int sysfs_device(const char *root, const char *bdf, struct pci_device *dev)
{
	*dev = (struct pci_device){ .group = -1 };
	if (!file_exists("%s" DEVICES "/%s/vendor", root, bdf))
		return -ENODEV;
	snprintf(dev->bdf, sizeof(dev->bdf), "%s", bdf);
	dev->vendor = read_hex(root, bdf, "vendor");
	dev->device = read_hex(root, bdf, "device");
	dev->class = read_hex(root, bdf, "class");
	read_drivers(root, dev);
	read_vfio(root, dev);
	read_bars(root, dev);
	return 0;
}

static int devices_in(const char *root, const char *dir,
		      struct pci_device **devs, size_t *nr)
{
	struct dirent **names;
	int i, n, ret = 0;

	*devs = NULL;
	*nr = 0;
	n = scandir(dir, &names, not_hidden, alphasort);
	if (n < 0)
		return -errno;
	*devs = calloc(n ?: 1, sizeof(**devs));
	if (!*devs)
		ret = -ENOMEM;
	for (i = 0; i < n; i++) {
		/* One that has just gone is not there. */
		if (*devs &&
		    !sysfs_device(root, names[i]->d_name, &(*devs)[*nr]))
			(*nr)++;
		free(names[i]);
	}
	free(names);
	return ret;
}

int sysfs_devices(const char *root, struct pci_device **devs, size_t *nr)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s" DEVICES, root);
	return devices_in(root, dir, devs, nr);
}

int sysfs_group(const char *root, int group, struct pci_device **devs,
		size_t *nr)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/sys/kernel/iommu_groups/%d/devices",
		 root, group);
	return devices_in(root, dir, devs, nr);
}

int sysfs_counter(const char *root, const char *bdf, const char *name,
		  uint64_t *value)
{
	char text[32];
	int ret;

	ret = file_read(text, sizeof(text), "%s" DEVICES "/%s/barlease_stats/%s",
			root, bdf, name);
	if (!ret)
		*value = strtoull(text, NULL, 10);
	return ret;
}

bool pci_is_ours(const struct pci_device *dev)
{
	return !strcmp(dev->module, OUR_MODULE);
}

struct driver_text pci_driver_text(const struct pci_device *dev)
{
	bool stands_in = pci_is_ours(dev) && strcmp(dev->driver, OUR_DRIVER);
	struct driver_text driver;

	snprintf(driver.text, sizeof(driver.text), "%s%s", dev->driver,
		 stands_in ? " (barlease)" : "");
	return driver;
}

bool pci_is_bridge(const struct pci_device *dev)
{
	return dev->class >> 16 == CLASS_BRIDGE;
}

const char *pci_kind(const struct pci_device *dev)
{
	static const char *const kinds[] = {
		[0x01] = "storage", [0x02] = "network", [0x03] = "display",
		[0x04] = "multimedia", [0x05] = "memory", [0x06] = "bridge",
		[0x07] = "communication", [0x08] = "system", [0x09] = "input",
		[0x0b] = "processor", [0x0c] = "serial bus",
		[0x0d] = "wireless", [0x10] = "encryption",
		[0x11] = "signal", [0x12] = "accelerator",
	};
	unsigned int base = dev->class >> 16;

	if (base < sizeof(kinds) / sizeof(*kinds) && kinds[base])
		return kinds[base];
	return "other";
}

bool pci_bar_leasable(const struct pci_bar *bar)
{
	return bar->memory && bar->size && !bar->in_page;
}

uint64_t pci_bar_span(const struct pci_bar *bar)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	return bar->size < page ? page : bar->size;
}
