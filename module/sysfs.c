// SPDX-License-Identifier: GPL-2.0-only
/*
 * The directories barlease/ and barlease_stats/ of each PCI device in sysfs
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/sysfs.h>

#include "bar-memattr.h"
#include "core-export.h"
#include "importer.h"
#include "peer.h"
#include "stats.h"
#include "sysfs.h"

static struct attribute *attributes[] = {
	&barlease_bar_attributes[0].attr.attr,
	&barlease_bar_attributes[1].attr.attr,
	&barlease_bar_attributes[2].attr.attr,
	&barlease_bar_attributes[3].attr.attr,
	&barlease_bar_attributes[4].attr.attr,
	&barlease_bar_attributes[5].attr.attr,
	&barlease_dmabuf_attribute.attr,
	&barlease_importers_attribute.attr,
	&barlease_peer_attribute.attr,
	NULL,
};

/*
 * The first ones are those of BARs. Which can be mapped is known when the device
 * is open: rather too many.
 */
static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	struct pci_dev *pdev = to_pci_dev(kobj_to_dev(kobj));

	if (n < PCI_STD_NUM_BARS &&
	    (!(pci_resource_flags(pdev, n) & IORESOURCE_MEM) ||
	     !pci_resource_len(pdev, n)))
		return 0;
	return attr->mode;
}

static const struct attribute_group group = {
	.name		= "barlease",
	.attrs		= attributes,
	.is_visible	= is_visible,
};

const struct attribute_group *barlease_sysfs_groups[] = {
	&group,
	&barlease_stats_group,
	NULL,
};
