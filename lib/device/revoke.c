// SPDX-License-Identifier: MIT
/*
 * Taking a lease back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <linux/barlease.h>

#include "device.h"
#include "feature.h"

static int revoke_by_feature(const struct barlease_device *device, int lease)
{
	struct vfio_device_feature_dma_buf_revoke request = {
		.dmabuf_fd = lease,
	};

	return bl_feature(device->fd, VFIO_DEVICE_FEATURE_SET | device->revoke,
			  &request, sizeof(request));
}

static int revoke_by_ioctl(const struct barlease_device *device, int lease)
{
	struct vfio_pci_dmabuf_revoke request = {
		.argsz = sizeof(request),
		.dmabuf_fd = lease,
	};

	return ioctl(device->fd, VFIO_DEVICE_PCI_DMABUF_REVOKE, &request) ?
		       -errno : 0;
}

int barlease_revoke(const struct barlease_device *device, int lease)
{
	if (!(device->caps & BARLEASE_CAN_REVOKE))
		return -ENOTTY;
	if (device->revoke)
		return revoke_by_feature(device, lease);
	return revoke_by_ioctl(device, lease);
}
