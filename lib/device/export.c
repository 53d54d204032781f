// SPDX-License-Identifier: MIT
/*
 * Exporting ranges of a BAR, and naming the result
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <linux/barlease.h>
#include <linux/dma-buf.h>

#include "device.h"

static int export_by(const struct barlease_device *device,
		     struct vfio_device_feature *request,
		     const struct vfio_device_feature_dma_buf *what,
		     const struct barlease_range *ranges)
{
	struct vfio_device_feature_dma_buf *dma_buf = (void *)request->data;
	int lease;

	request->flags = VFIO_DEVICE_FEATURE_GET | device->export;
	*dma_buf = *what;
	for (size_t i = 0; i < what->nr_ranges; i++) {
		dma_buf->dma_ranges[i].offset = ranges[i].offset;
		dma_buf->dma_ranges[i].length = ranges[i].length;
	}
	lease = ioctl(device->fd, VFIO_DEVICE_FEATURE, request);
	return lease < 0 ? -errno : lease;
}

int barlease_export(const struct barlease_device *device, unsigned int bar,
		    const struct barlease_range *ranges, size_t nr_ranges,
		    unsigned int flags)
{
	bool read_only = flags & BARLEASE_READ_ONLY;
	/* Other drivers have no such flag, and give those pages unasked. */
	bool msix = flags & BARLEASE_MSIX && bl_caps_ours(device);
	bool ones = flags & BARLEASE_ONES;
	const struct vfio_device_feature_dma_buf what = {
		.region_index = VFIO_PCI_BAR0_REGION_INDEX + bar,
		.open_flags = O_CLOEXEC | (read_only ? O_RDONLY : O_RDWR),
		.flags = (msix ? BARLEASE_DMA_BUF_MSIX : 0) |
			 (ones ? BARLEASE_DMA_BUF_ONES : 0),
		.nr_ranges = nr_ranges,
	};
	struct vfio_device_feature *request;
	size_t size;
	int lease;

	if (flags & ~(BARLEASE_READ_ONLY | BARLEASE_MSIX | BARLEASE_ONES))
		return -EINVAL;
	if (nr_ranges > BARLEASE_MAX_RANGES)
		return -E2BIG;
	if (!(device->caps & BARLEASE_CAN_EXPORT))
		return -ENOTTY;
	if (ones && !(device->caps & BARLEASE_CAN_PAUSE))
		return -EOPNOTSUPP;

	size = sizeof(*request) + sizeof(what) +
	       nr_ranges * sizeof(what.dma_ranges[0]);
	request = calloc(1, size);
	if (!request)
		return -ENOMEM;
	request->argsz = size;
	lease = export_by(device, request, &what, ranges);
	free(request);
	return lease;
}

int barlease_set_name(int lease, const char *name)
{
	return ioctl(lease, DMA_BUF_SET_NAME, name) ? -errno : 0;
}
