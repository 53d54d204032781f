/* SPDX-License-Identifier: MIT */
/*
 * Whether a device can be leased from, and if not, why
 *
 * Copyright (C) 2026 The barlease authors
 *
 * What is said is the second half of a sentence, without a full stop.
 */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "sysfs.h"

struct verdict {
	bool good;
	char why[192];		/* not */
	char other[BDF_SIZE];	/* device that is in the way, or "" */
};

/* Not, and why */
__attribute__((format(printf, 1, 2)))
struct verdict verdict_because(const char *why, ...);

/* Whether leases of it are possible as it is now */
struct verdict verdict_leases(const char *root, const struct pci_device *dev);

/* Whether our driver could do anything for it, were it bound */
struct verdict verdict_device(const struct pci_device *dev);

/* Whether it has an IOMMU, or is bound without one */
struct verdict verdict_iommu(const char *root, const struct pci_device *dev);

/**
 * verdict_group() - whether VFIO would give out the device's group
 * @root: of the file system
 * @dev: a device with a group
 * @others: devices that are about to get a VFIO driver, besides @dev
 * @nr_others: how many
 */
struct verdict verdict_group(const char *root, const struct pci_device *dev,
			     const struct pci_device *others,
			     size_t nr_others);

#endif
