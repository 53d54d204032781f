// SPDX-License-Identifier: MIT
/*
 * Which pages of a PCI device are for MSI-X, as its config space says
 *
 * Copyright (C) 2026 The barlease authors
 *
 * libbarlease asks VFIO, for a device that it has open; here it is any device.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <unistd.h>

#include "sysfs.h"

/* As many capabilities as there is room for, should their list be a circle */
#define MOST_CAPABILITIES	48

/* Little-endian, of up to 4 bytes; 0 where it cannot be read */
static uint32_t get(int config, unsigned int at, size_t bytes)
{
	uint8_t read[4] = { 0 };

	if (pread(config, read, bytes, at) != (ssize_t)bytes)
		return 0;
	return read[0] | read[1] << 8 | read[2] << 16 | (uint32_t)read[3] << 24;
}

static unsigned int find_capability(int config)
{
	unsigned int at = 0;
	int i;

	if (get(config, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)
		at = get(config, PCI_CAPABILITY_LIST, 1) & ~3u;
	for (i = 0; at && i < MOST_CAPABILITIES; i++) {
		if (get(config, at + PCI_CAP_LIST_ID, 1) == PCI_CAP_ID_MSIX)
			return at;
		at = get(config, at + PCI_CAP_LIST_NEXT, 1) & ~3u;
	}
	return 0;
}

static struct pci_msix whole_pages(uint32_t where, uint64_t bytes)
{
	uint64_t in_page = sysconf(_SC_PAGESIZE) - 1;
	uint64_t start = where & PCI_MSIX_TABLE_OFFSET;
	uint64_t end = (start + bytes + in_page) & ~in_page;

	start &= ~in_page;
	return (struct pci_msix){ where & PCI_MSIX_TABLE_BIR, start,
				  end - start };
}

void sysfs_msix(const char *root, const struct pci_device *dev,
		struct pci_msix msix[PCI_MSIX_PARTS])
{
	unsigned int at;
	char path[PATH_MAX];
	uint64_t nr;
	int config;

	msix[0] = (struct pci_msix){ .bar = -1 };
	msix[1] = msix[0];
	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/config", root,
		 dev->bdf);
	config = open(path, O_RDONLY | O_CLOEXEC);
	if (config < 0)
		return;
	at = find_capability(config);
	if (at) {
		nr = (get(config, at + PCI_MSIX_FLAGS, 2) &
		      PCI_MSIX_FLAGS_QSIZE) + 1;
		msix[0] = whole_pages(get(config, at + PCI_MSIX_TABLE, 4),
				      nr * PCI_MSIX_ENTRY_SIZE);
		msix[1] = whole_pages(get(config, at + PCI_MSIX_PBA, 4),
				      (nr + 63) / 64 * 8);
	}
	close(config);
	/* Often they share a page. */
	if (msix[1].bar == msix[0].bar && msix[1].offset == msix[0].offset &&
	    msix[1].length == msix[0].length)
		msix[1].length = 0;
}

struct msix_text pci_msix_text(const struct pci_msix msix[PCI_MSIX_PARTS],
			       int bar)
{
	struct msix_text parts = { "" };
	size_t at = 0;
	int i;

	for (i = 0; i < PCI_MSIX_PARTS; i++)
		if (msix[i].length && msix[i].bar == bar)
			at += snprintf(parts.text + at, sizeof(parts.text) - at,
				       "%s0x%" PRIx64 "-0x%" PRIx64,
				       at ? ", " : "", msix[i].offset,
				       msix[i].offset + msix[i].length - 1);
	return parts;
}
