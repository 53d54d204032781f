// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory attribute of BAR maps, in sysfs
 *
 * Copyright (C) 2026 The barlease authors
 *
 * For the administrator, who wants an attribute for programs that know nothing
 * of this driver: barlease/barN_memattr in the directory of the PCI device.
 */
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "bar.h"
#include "bar-memattr.h"
#include "compat.h"
#include "device.h"

static const char * const names[] = {
	[VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC] = "nc",
	[VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC] = "wc",
};

static unsigned int bar_of(const struct device_attribute *attr)
{
	return container_of(attr, struct barlease_bar_attribute, attr)->bar;
}

/* "START-END ATTRIBUTE" a line; BARLEASE_MAX_BAR_PARTS of them fit a page. */
static ssize_t show(struct device *dev, struct device_attribute *attr,
		    char *buf)
{
	struct barlease_device *bdev = barlease_from_pci(to_pci_dev(dev));
	unsigned int bar = bar_of(attr);
	u64 size = barlease_bar_size(&bdev->core, bar);
	u64 start, end;
	int n = 0;

	for (start = 0; start < size; start = end) {
		u32 memattr = barlease_bar_memattr_get(bdev, bar, start, &end);

		n += sysfs_emit_at(buf, n, "0x%llx-0x%llx %s\n", start, end - 1,
				   names[memattr]);
	}
	return n;
}

/* "START-END", both inclusive, as /proc/iomem has them. */
static int parse_range(char *range, u64 *offset, u64 *length)
{
	char *first = strsep(&range, "-");
	u64 last;
	int ret;

	if (!range)
		return -EINVAL;
	ret = kstrtou64(first, 0, offset);
	if (!ret)
		ret = kstrtou64(range, 0, &last);
	if (ret)
		return ret;
	if (last < *offset || last - *offset == U64_MAX)
		return -EINVAL;
	*length = last - *offset + 1;
	return 0;
}

/* "[START-END] ATTRIBUTE" */
static int set(struct barlease_device *bdev, unsigned int bar, char *text)
{
	u64 offset = 0, length = 0;
	char *name = strim(text);
	int memattr, ret;

	if (strchr(name, ' ')) {
		ret = parse_range(strsep(&name, " "), &offset, &length);
		if (ret)
			return ret;
		name = skip_spaces(name);
	}

	memattr = match_string(names, ARRAY_SIZE(names), name);
	if (memattr < 0)
		return -EINVAL;

	return barlease_bar_memattr_set(bdev, bar, offset, length, memattr,
					BARLEASE_BAR_ADMIN);
}

static ssize_t store(struct device *dev, struct device_attribute *attr,
		     const char *buf, size_t count)
{
	struct barlease_device *bdev = barlease_from_pci(to_pci_dev(dev));
	char *text;
	int ret;

	text = kmemdup_nul(buf, count, GFP_KERNEL);
	if (!text)
		return -ENOMEM;

	ret = set(bdev, bar_of(attr), text);
	kfree(text);
	return ret ?: count;
}

#define MEMATTR(index) __ATTR(bar ## index ## _memattr, 0644, show, store)

struct barlease_bar_attribute barlease_bar_attributes[PCI_STD_NUM_BARS] = {
	{ .attr = MEMATTR(0), .bar = 0 },
	{ .attr = MEMATTR(1), .bar = 1 },
	{ .attr = MEMATTR(2), .bar = 2 },
	{ .attr = MEMATTR(3), .bar = 3 },
	{ .attr = MEMATTR(4), .bar = 4 },
	{ .attr = MEMATTR(5), .bar = 5 },
};
