// SPDX-License-Identifier: MIT
/*
 * Whether a device can be leased from, and if not, why
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

#define GOOD	((struct verdict){ .good = true })

struct verdict verdict_because(const char *why, ...)
{
	struct verdict verdict = { .good = false };
	va_list args;

	va_start(args, why);
	vsnprintf(verdict.why, sizeof(verdict.why), why, args);
	va_end(args);
	return verdict;
}

static bool is_one_of(const struct pci_device *dev,
		      const struct pci_device *devs, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(dev->bdf, devs[i].bdf))
			return true;
	return false;
}

/* The drivers that do no DMA of their own, and so leave a group viable */
static bool keeps_out(const struct pci_device *dev)
{
	return !dev->driver[0] || dev->vfio[0] ||
	       pci_is_ours(dev) || !strcmp(dev->driver, "pci-stub") ||
	       !strcmp(dev->driver, "pcieport");
}

struct verdict verdict_group(const char *root, const struct pci_device *dev,
			     const struct pci_device *others, size_t nr_others)
{
	struct verdict verdict = GOOD;
	const struct pci_device *other;
	struct pci_device *members;
	size_t i, nr;

	if (sysfs_group(root, dev->group, &members, &nr))
		return verdict_because("IOMMU group %d cannot be read", dev->group);
	for (i = 0; i < nr && verdict.good; i++) {
		other = &members[i];
		if (!strcmp(other->bdf, dev->bdf) || keeps_out(other) ||
		    is_one_of(other, others, nr_others))
			continue;
		verdict = verdict_because("%s (%s) is in the same IOMMU group %d and bound to %s",
					  other->bdf, pci_kind(other), dev->group,
					  other->driver);
		snprintf(verdict.other, sizeof(verdict.other), "%s",
			 other->bdf);
	}
	free(members);
	return verdict;
}

static bool has_leasable_bar(const struct pci_device *dev)
{
	int i;

	for (i = 0; i < PCI_BARS; i++)
		if (pci_bar_leasable(&dev->bar[i]))
			return true;
	return false;
}

struct verdict verdict_device(const struct pci_device *dev)
{
	if (pci_is_bridge(dev))
		return verdict_because("a bridge");
	if (!has_leasable_bar(dev))
		return verdict_because("no memory BAR of a whole page");
	return GOOD;
}

struct verdict verdict_iommu(const char *root, const struct pci_device *dev)
{
	/* One that is bound was bound by whoever said so in words. */
	if (dev->group >= 0 && (!dev->no_iommu || pci_is_ours(dev)))
		return GOOD;
	if (sysfs_noiommu_mode(root))
		return verdict_because("no IOMMU; VFIO's no-IOMMU mode is on: --no-iommu binds it");
	return verdict_because("no IOMMU group: is the IOMMU on?");
}

struct verdict verdict_leases(const char *root, const struct pci_device *dev)
{
	struct verdict verdict = verdict_device(dev);

	if (!verdict.good)
		return verdict;
	verdict = verdict_iommu(root, dev);
	if (!verdict.good)
		return verdict;
	verdict = verdict_group(root, dev, NULL, 0);
	if (!verdict.good)
		return verdict;
	if (!dev->driver[0])
		return verdict_because("not bound");
	if (!pci_is_ours(dev))
		return verdict_because("bound to %s", dev->driver);
	return GOOD;
}
