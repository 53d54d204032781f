/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device's space of page offsets
 *
 * Copyright (C) 2026 The barlease authors
 *
 * All mappings of a device, of its BARs and of its buffers, live in the one
 * address_space that vfio-pci-core zaps on a reset, when memory decode goes
 * off, and so on. Each buffer has page offsets of its own there, so that
 * zapping them hits that buffer's mappings and no others. BARs are at their
 * VFIO offsets; buffers take the gaps between them.
 */
#ifndef BARLEASE_SPACE_H
#define BARLEASE_SPACE_H

#include <linux/types.h>

struct barlease_device;

/**
 * barlease_space_init() - set up the space, with the device's BARs reserved
 * @bdev: the device
 *
 * Return: 0 or -ENOMEM.
 */
int barlease_space_init(struct barlease_device *bdev);
void barlease_space_destroy(struct barlease_device *bdev);

/**
 * barlease_space_bar_pages() - how much of a BAR has offsets of its own
 * @bdev: the device
 * @bar: index, below PCI_STD_NUM_BARS
 *
 * Return: pages, from the BAR's first one on; 0 where there is no BAR.
 */
unsigned long barlease_space_bar_pages(struct barlease_device *bdev,
				       unsigned int bar);

/**
 * barlease_space_alloc() - find page offsets for a buffer
 * @bdev: the device
 * @size: in bytes, a multiple of the page size, not 0
 * @pgoff: receives the first page offset
 *
 * Those that were given back come last: a client may still have mappings there,
 * empty ones of a revoked buffer, and zapping goes through them.
 *
 * Return: 0; -E2BIG when it could never fit; -ENOSPC when it does not fit
 * beside the present buffers; -ENOMEM.
 */
int barlease_space_alloc(struct barlease_device *bdev, u64 size,
			 unsigned long *pgoff);
void barlease_space_free(struct barlease_device *bdev, unsigned long pgoff);

/**
 * barlease_space_zap() - take all mappings of some page offsets away
 * @bdev: the device
 * @pgoff: the first page offset
 * @size: in bytes
 *
 * When it returns, no page table of any process has an entry of them. Keeping
 * new ones from being made is the caller's part.
 */
void barlease_space_zap(struct barlease_device *bdev, unsigned long pgoff,
			u64 size);
void barlease_space_zap_all(struct barlease_device *bdev);

#endif /* BARLEASE_SPACE_H */
