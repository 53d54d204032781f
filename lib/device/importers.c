// SPDX-License-Identifier: MIT
/*
 * Which other devices have a lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <linux/barlease.h>

#include "device.h"
#include "feature.h"

int barlease_importers(const struct barlease_device *device, int lease,
		       struct barlease_importers *importers)
{
	struct barlease_dma_buf_importers count = { .dmabuf_fd = lease };
	int ret;

	/* Another driver's feature of that number would be something else. */
	if (!bl_caps_ours(device))
		return -ENOTTY;
	ret = bl_feature(device->fd,
			 VFIO_DEVICE_FEATURE_GET |
			 BARLEASE_FEATURE_DMA_BUF_IMPORTERS,
			 &count, sizeof(count));
	if (ret < 0)
		return ret;
	*importers = (struct barlease_importers){
		.attached = count.attached,
		.mapped = count.mapped,
	};
	return 0;
}
