// SPDX-License-Identifier: MIT
/*
 * The memory attribute of ordinary BAR maps
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/barlease.h>

#include "device.h"
#include "feature.h"

/* A driver that does not know the feature says -ENOTTY itself. */
int barlease_device_set_bar_memattr(const struct barlease_device *device,
				    unsigned int bar, uint64_t offset,
				    uint64_t length,
				    enum barlease_memattr memattr)
{
	struct barlease_bar_memattr request = {
		.region_index = bar,
		.memattr = memattr,
		.offset = offset,
		.length = length,
	};

	return bl_feature(device->fd, VFIO_DEVICE_FEATURE_SET |
				      BARLEASE_FEATURE_BAR_MEMATTR,
			  &request, sizeof(request));
}

int barlease_device_get_bar_memattr(const struct barlease_device *device,
				    unsigned int bar, uint64_t offset,
				    uint64_t *length)
{
	struct barlease_bar_memattr request = {
		.region_index = bar,
		.offset = offset,
	};
	int ret;

	ret = bl_feature(device->fd, VFIO_DEVICE_FEATURE_GET |
				     BARLEASE_FEATURE_BAR_MEMATTR,
			 &request, sizeof(request));
	if (ret < 0)
		return ret;
	if (length)
		*length = request.length;
	return (int)request.memattr;
}
