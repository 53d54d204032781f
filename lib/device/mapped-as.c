// SPDX-License-Identifier: MIT
/*
 * What the page table says of a mapping
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <linux/barlease.h>

#include "device.h"
#include "feature.h"

int barlease_mapped_as(const struct barlease_device *device,
		       const volatile void *address, size_t *page_size)
{
	struct barlease_mapped_as request = {
		.address = (uintptr_t)address,
		.flags = BARLEASE_MAPPED_AS_FILL,
	};
	int ret;

	ret = bl_feature(device->fd, VFIO_DEVICE_FEATURE_GET |
				     BARLEASE_FEATURE_MAPPED_AS,
			 &request, sizeof(request));
	if (ret < 0)
		return ret;
	if (!request.page_size)
		return -ENXIO;
	if (request.memattr == BARLEASE_MAPPED_AS_OTHER)
		return -ERANGE;
	if (page_size)
		*page_size = request.page_size;
	return (int)request.memattr;
}
