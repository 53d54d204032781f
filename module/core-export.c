// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own DMABUFs instead of leases, where an administrator wants that
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "core-export.h"
#include "device.h"

static const char * const kinds[] = {
	[false] = "lease",
	[true] = "core",
};

static ssize_t show(struct device *dev, struct device_attribute *attr,
		    char *buf)
{
	struct barlease_device *bdev = barlease_from_pci(to_pci_dev(dev));

	return sysfs_emit(buf, "%s\n", kinds[READ_ONCE(bdev->core_exports)]);
}

/* For exports to come; those that exist are what they are. */
static ssize_t store(struct device *dev, struct device_attribute *attr,
		     const char *buf, size_t count)
{
	struct barlease_device *bdev = barlease_from_pci(to_pci_dev(dev));
	int kind = sysfs_match_string(kinds, buf);

	if (kind < 0)
		return kind;
	if (kind && !barlease_compat_core_exports(&bdev->core))
		return -EOPNOTSUPP;

	WRITE_ONCE(bdev->core_exports, kind);
	return count;
}

struct device_attribute barlease_dmabuf_attribute =
	__ATTR(dmabuf, 0644, show, store);
