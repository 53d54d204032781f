// SPDX-License-Identifier: MIT
/*
 * VFIO_DEVICE_FEATURE
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "feature.h"

int bl_feature(int device, uint32_t flags, void *data, size_t size)
{
	union {
		struct vfio_device_feature header;
		uint8_t bytes[sizeof(struct vfio_device_feature) +
			      BL_FEATURE_DATA];
	} request = { .header.argsz = sizeof(request.header) + size };
	uint8_t *payload = request.bytes + sizeof(request.header);
	int ret;

	request.header.flags = flags;
	if (size)
		memcpy(payload, data, size);
	ret = ioctl(device, VFIO_DEVICE_FEATURE, &request);
	if (ret < 0)
		return -errno;
	if (size)
		memcpy(data, payload, size);
	return ret;
}

bool bl_feature_probe(int device, uint32_t flags)
{
	return !bl_feature(device, flags | VFIO_DEVICE_FEATURE_PROBE, NULL, 0);
}
