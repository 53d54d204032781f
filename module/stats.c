// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has happened to a device's leases, counted
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/sysfs.h>

#include "device.h"
#include "stats.h"

int barlease_stats_init(struct barlease_device *bdev)
{
	bdev->stats = alloc_percpu(struct barlease_stats);
	return bdev->stats ? 0 : -ENOMEM;
}

void barlease_stats_destroy(struct barlease_device *bdev)
{
	free_percpu(bdev->stats);
}

static unsigned long total(const struct barlease_device *bdev,
			   enum barlease_stat what)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(bdev->stats, cpu)->count[what]);
	return sum;
}

struct stat_attribute {
	struct device_attribute attr;
	enum barlease_stat what;
};

static ssize_t show(struct device *dev, struct device_attribute *attr,
		    char *buf)
{
	struct stat_attribute *stat =
		container_of(attr, struct stat_attribute, attr);

	return sysfs_emit(buf, "%lu\n",
			  total(barlease_from_pci(to_pci_dev(dev)), stat->what));
}

#define STAT(file, which)						\
static struct stat_attribute stat_##file = {				\
	.attr = __ATTR(file, 0444, show, NULL),				\
	.what = which,							\
}

STAT(exports, BARLEASE_EXPORTS);
STAT(exports_refused, BARLEASE_EXPORTS_REFUSED);
STAT(revokes, BARLEASE_REVOKES);
STAT(pauses, BARLEASE_PAUSES);
STAT(maps, BARLEASE_MAPS);
STAT(maps_refused, BARLEASE_MAPS_REFUSED);
STAT(faults_small, BARLEASE_FAULTS_SMALL);
STAT(faults_huge, BARLEASE_FAULTS_HUGE);
STAT(faults_scratch, BARLEASE_FAULTS_SCRATCH);
STAT(faults_refused, BARLEASE_FAULTS_REFUSED);
STAT(attaches_refused, BARLEASE_ATTACHES_REFUSED);
STAT(importer_maps, BARLEASE_IMPORTER_MAPS);

static struct attribute *attributes[] = {
	&stat_exports.attr.attr,
	&stat_exports_refused.attr.attr,
	&stat_revokes.attr.attr,
	&stat_pauses.attr.attr,
	&stat_maps.attr.attr,
	&stat_maps_refused.attr.attr,
	&stat_faults_small.attr.attr,
	&stat_faults_huge.attr.attr,
	&stat_faults_scratch.attr.attr,
	&stat_faults_refused.attr.attr,
	&stat_attaches_refused.attr.attr,
	&stat_importer_maps.attr.attr,
	NULL,
};

const struct attribute_group barlease_stats_group = {
	.name	= "barlease_stats",
	.attrs	= attributes,
};
