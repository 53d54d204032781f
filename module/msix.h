/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the MSI-X table and the pending bits are
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Who can write to the table chooses where the device's interrupts go, so no
 * lease has a page of either unless its owner asks for that by name.
 */
#ifndef BARLEASE_MSIX_H
#define BARLEASE_MSIX_H

#include <linux/types.h>

struct pci_dev;

/**
 * struct barlease_msix_part - the table, or the pending bits
 * @start: the first byte, as an offset in the BAR
 * @end: the first offset past it; 0 where the device has no MSI-X
 * @bar: of which BAR; BARLEASE_MSIX_ANY_BAR where the device has not said
 */
struct barlease_msix_part {
	u64 start;
	u64 end;
	u8 bar;
};

#define BARLEASE_MSIX_ANY_BAR	0xff

struct barlease_msix {
	struct barlease_msix_part table;
	struct barlease_msix_part pending;
};

/**
 * barlease_msix_find() - ask the device where they are
 * @pdev: the device, which is powered: the answer of one that sleeps or is
 *   being reset would be that every BAR is full of them
 * @msix: receives it
 */
void barlease_msix_find(struct pci_dev *pdev, struct barlease_msix *msix);

/**
 * barlease_msix_hit() - are there any of their bytes in a range?
 * @msix: where they are
 * @bar: of which BAR
 * @offset: where the range begins in the BAR, in bytes
 * @length: its length in bytes; @offset and @length do not overflow together
 *
 * For a range of whole pages that is the question whether it has one of their
 * pages.
 */
bool barlease_msix_hit(const struct barlease_msix *msix, unsigned int bar,
		       u64 offset, u64 length);

#endif /* BARLEASE_MSIX_H */
