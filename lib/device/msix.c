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
#include <sys/ioctl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"

/* As many capabilities as there is room for, should their list be a circle */
#define MOST_CAPABILITIES	48

/* Config space, in the device's fd */
struct config {
	int fd;
	uint64_t offset;
};

/* Little-endian, of up to 4 bytes; 0 where it cannot be read */
static uint32_t get(const struct config *config, unsigned int at, size_t bytes)
{
	uint8_t read[4] = { 0 };

	if (pread(config->fd, read, bytes, config->offset + at) !=
	    (ssize_t)bytes)
		return 0;
	return read[0] | read[1] << 8 | read[2] << 16 | (uint32_t)read[3] << 24;
}

static unsigned int find_capability(const struct config *config)
{
	unsigned int at = 0;

	if (get(config, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)
		at = get(config, PCI_CAPABILITY_LIST, 1) & ~3u;
	for (int i = 0; at && i < MOST_CAPABILITIES; i++) {
		if (get(config, at + PCI_CAP_LIST_ID, 1) == PCI_CAP_ID_MSIX)
			return at;
		at = get(config, at + PCI_CAP_LIST_NEXT, 1) & ~3u;
	}
	return 0;
}

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
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct config config = { .fd = device->fd };
	unsigned int at;
	uint64_t nr;

	if (ioctl(device->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return;
	config.offset = info.offset;
	at = find_capability(&config);
	if (!at)
		return;
	nr = (get(&config, at + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE) + 1;
	device->msix[0] = whole_pages(get(&config, at + PCI_MSIX_TABLE, 4),
				      nr * PCI_MSIX_ENTRY_SIZE);
	device->msix[1] = whole_pages(get(&config, at + PCI_MSIX_PBA, 4),
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
