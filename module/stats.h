/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has happened to a device's leases, counted
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_STATS_H
#define BARLEASE_STATS_H

#include <linux/percpu.h>

#include "device.h"

struct attribute_group;

/**
 * enum barlease_stat - what is counted, from when the driver is bound
 * @BARLEASE_EXPORTS: leases
 * @BARLEASE_EXPORTS_REFUSED: requests for one that were an error
 * @BARLEASE_REVOKES: leases that were revoked, be it by a last close
 * @BARLEASE_PAUSES: pauses of leases
 * @BARLEASE_MAPS: mappings of leases and of BARs
 * @BARLEASE_MAPS_REFUSED: of revoked leases, or not as they have to be
 * @BARLEASE_FAULTS_SMALL: that have filled in pages
 * @BARLEASE_FAULTS_HUGE: that have filled in huge pages
 * @BARLEASE_FAULTS_SCRATCH: that have filled in scratch pages, after the end
 * @BARLEASE_FAULTS_REFUSED: that have ended in SIGBUS
 * @BARLEASE_ATTACHES_REFUSED: devices that may not attach to a lease
 * @BARLEASE_IMPORTER_MAPS: mappings of a lease for another device
 * @BARLEASE_NR_STATS: how many there are
 */
enum barlease_stat {
	BARLEASE_EXPORTS,
	BARLEASE_EXPORTS_REFUSED,
	BARLEASE_REVOKES,
	BARLEASE_PAUSES,
	BARLEASE_MAPS,
	BARLEASE_MAPS_REFUSED,
	BARLEASE_FAULTS_SMALL,
	BARLEASE_FAULTS_HUGE,
	BARLEASE_FAULTS_SCRATCH,
	BARLEASE_FAULTS_REFUSED,
	BARLEASE_ATTACHES_REFUSED,
	BARLEASE_IMPORTER_MAPS,
	BARLEASE_NR_STATS
};

/* Of one CPU: faults on several are not to share a cache line. */
struct barlease_stats {
	unsigned long count[BARLEASE_NR_STATS];
};

static inline void barlease_count(struct barlease_device *bdev,
				  enum barlease_stat what)
{
	this_cpu_inc(bdev->stats->count[what]);
}

/* Return: 0, or -ENOMEM. Goes with barlease_stats_destroy(). */
int barlease_stats_init(struct barlease_device *bdev);
void barlease_stats_destroy(struct barlease_device *bdev);

/* The directory barlease_stats/ of the PCI device in sysfs */
extern const struct attribute_group barlease_stats_group;

#endif /* BARLEASE_STATS_H */
