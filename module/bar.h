/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BARs, as far as they can be mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_BAR_H
#define BARLEASE_BAR_H

#include <linux/err.h>
#include <linux/mm.h>

#include "compat.h"

static inline bool barlease_bar_mappable(struct vfio_pci_core_device *core,
					 unsigned int bar)
{
	return bar < PCI_STD_NUM_BARS && core->bar_mmap_supported[bar];
}

/*
 * In bytes. A BAR smaller than a page counts as a page: vfio-pci-core calls it
 * mappable only after making sure that the rest is nobody else's.
 */
static inline u64 barlease_bar_size(struct vfio_pci_core_device *core,
				    unsigned int bar)
{
	return PAGE_ALIGN(pci_resource_len(core->pdev, bar));
}

/* Nobody may map a BAR that another driver of the host has claimed. */
static inline int barlease_bar_claimed(struct vfio_pci_core_device *core,
				       unsigned int bar)
{
	return PTR_ERR_OR_ZERO((__force void *)vfio_pci_core_get_iomap(core, bar));
}

#endif /* BARLEASE_BAR_H */
