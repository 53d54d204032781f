// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the MSI-X table and the pending bits are
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/pci.h>

#include "msix.h"

/* Table and pending bits are described alike: an offset, and the BAR below it */
static struct barlease_msix_part part(struct pci_dev *pdev, int reg, u32 bytes)
{
	u32 where;
	u8 bar;

	pci_read_config_dword(pdev, pdev->msix_cap + reg, &where);
	bar = where & PCI_MSIX_TABLE_BIR;
	where &= PCI_MSIX_TABLE_OFFSET;

	/* Numbers of no BAR; also what a device reads as that does not answer */
	if (bar >= PCI_STD_NUM_BARS)
		return (struct barlease_msix_part){
			.end = U64_MAX,
			.bar = BARLEASE_MSIX_ANY_BAR,
		};

	return (struct barlease_msix_part){
		.start = where,
		.end = (u64)where + bytes,
		.bar = bar,
	};
}

void barlease_msix_find(struct pci_dev *pdev, struct barlease_msix *msix)
{
	u16 flags;
	u32 nr;

	*msix = (struct barlease_msix){};
	if (!pdev->msix_cap)
		return;

	pci_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &flags);
	nr = (flags & PCI_MSIX_FLAGS_QSIZE) + 1;

	msix->table = part(pdev, PCI_MSIX_TABLE, nr * PCI_MSIX_ENTRY_SIZE);
	/* A bit for each, in whole quadwords */
	msix->pending = part(pdev, PCI_MSIX_PBA, DIV_ROUND_UP(nr, 64) * 8);
}

static bool hit(const struct barlease_msix_part *part, unsigned int bar,
		u64 offset, u64 length)
{
	return (part->bar == bar || part->bar == BARLEASE_MSIX_ANY_BAR) &&
	       offset < part->end && part->start < offset + length;
}

bool barlease_msix_hit(const struct barlease_msix *msix, unsigned int bar,
		       u64 offset, u64 length)
{
	return hit(&msix->table, bar, offset, length) ||
	       hit(&msix->pending, bar, offset, length);
}
