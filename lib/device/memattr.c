// SPDX-License-Identifier: MIT
/*
 * The memory attribute of a lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <linux/barlease.h>

#include "device.h"
#include "feature.h"

int barlease_set_memattr(const struct barlease_device *device, int lease,
			 enum barlease_memattr memattr)
{
	struct vfio_device_feature_dma_buf_memattr request = {
		.dmabuf_fd = lease,
		.memattr = memattr,
	};

	_Static_assert((int)BARLEASE_NC ==
		       VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC, "as in the ABI");
	_Static_assert((int)BARLEASE_WC ==
		       VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC, "as in the ABI");
	if (!(device->caps & BARLEASE_CAN_MEMATTR))
		return -ENOTTY;
	return bl_feature(device->fd, VFIO_DEVICE_FEATURE_SET | device->memattr,
			  &request, sizeof(request));
}

int barlease_get_memattr(const struct barlease_device *device, int lease)
{
	struct vfio_device_feature_dma_buf_memattr request = {
		.dmabuf_fd = lease,
	};
	int ret;

	if (!(device->caps & BARLEASE_CAN_MEMATTR))
		return -ENOTTY;
	ret = bl_feature(device->fd, VFIO_DEVICE_FEATURE_GET | device->memattr,
			 &request, sizeof(request));
	return ret < 0 ? ret : (int)request.memattr;
}
