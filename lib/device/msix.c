// SPDX-License-Identifier: MIT
/*
 * Where a device's MSI-X table and pending bits are
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The driver knows, and refuses to lease those pages unasked. Here it is found
 * out once more, so that one can be told which they are.
 */
#include <errno.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "config.h"
#include "device.h"

static struct bl_msix whole_pages(uint32_t where, uint64_t bytes)
{
	uint64_t in_page = sysconf(_SC_PAGESIZE) - 1;
	uint64_t start = where & PCI_MSIX_TABLE_OFFSET;
	uint64_t end = (start + bytes + in_page) & ~in_page;

	start &= ~in_page;
	return (struct bl_msix){ where & PCI_MSIX_TABLE_BIR,
				 { start, end - start } };
}

void bl_msix_find(struct barlease_device *device)
{
	struct bl_config config;
	unsigned int at;
	uint64_t nr;

	if (bl_config_find(device->fd, &config))
		return;
	at = bl_config_capability(&config, PCI_CAP_ID_MSIX);
	if (!at)
		return;
	nr = (bl_config_get(&config, at + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE) + 1;
	device->msix[0] = whole_pages(bl_config_get(&config, at + PCI_MSIX_TABLE, 4),
				      nr * PCI_MSIX_ENTRY_SIZE);
	device->msix[1] = whole_pages(bl_config_get(&config, at + PCI_MSIX_PBA, 4),
				      (nr + 63) / 64 * 8);
}

int barlease_device_msix(const struct barlease_device *device,
			 unsigned int bar,
			 struct barlease_range ranges[BARLEASE_MSIX_RANGES])
{
	int nr = 0;

	if (bar >= BARLEASE_BARS)
		return -EINVAL;
	for (int i = 0; i < BARLEASE_MSIX_RANGES; i++)
		if (device->msix[i].range.length && device->msix[i].bar == bar)
			ranges[nr++] = device->msix[i].range;
	return nr;
}
