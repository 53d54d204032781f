// SPDX-License-Identifier: MIT
/*
 * A device's config space
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "config.h"

/* As many capabilities as there is room for, should their list be a circle */
#define MOST_CAPABILITIES	48

int bl_config_find(int device, struct bl_config *config)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	*config = (struct bl_config){ device, info.offset };
	return 0;
}

uint32_t bl_config_get(const struct bl_config *config, unsigned int at,
		       size_t bytes)
{
	uint8_t read[4] = { 0 };

	if (pread(config->fd, read, bytes, config->offset + at) !=
	    (ssize_t)bytes)
		return 0;
	return read[0] | read[1] << 8 | read[2] << 16 | (uint32_t)read[3] << 24;
}

int bl_config_put(const struct bl_config *config, unsigned int at,
		  uint32_t value, size_t bytes)
{
	const uint8_t put[4] = { value, value >> 8, value >> 16, value >> 24 };
	ssize_t size = pwrite(config->fd, put, bytes, config->offset + at);

	if (size < 0)
		return -errno;
	return size == (ssize_t)bytes ? 0 : -EIO;
}

unsigned int bl_config_capability(const struct bl_config *config,
				  unsigned int id)
{
	unsigned int at = 0;

	if (bl_config_get(config, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)
		at = bl_config_get(config, PCI_CAPABILITY_LIST, 1) & ~3u;
	for (int i = 0; at && i < MOST_CAPABILITIES; i++) {
		if (bl_config_get(config, at + PCI_CAP_LIST_ID, 1) == id)
			return at;
		at = bl_config_get(config, at + PCI_CAP_LIST_NEXT, 1) & ~3u;
	}
	return 0;
}
