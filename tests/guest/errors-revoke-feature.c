// SPDX-License-Identifier: MIT
/*
 * Every way in which VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE is refused
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "edge.h"
#include "revoke-errors.h"
#include "tap.h"

struct request {
	struct vfio_device_feature header;
	struct vfio_device_feature_dma_buf_revoke body;
};

static int with_flags(int device, int dmabuf, size_t argsz, uint32_t flags)
{
	struct request arg = {
		{ argsz, VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE | flags },
		{ dmabuf },
	};

	return ioctl(device, VFIO_DEVICE_FEATURE, &arg) ? -errno : 0;
}

static int sized(int device, int dmabuf, size_t argsz)
{
	return with_flags(device, dmabuf, argsz, VFIO_DEVICE_FEATURE_SET);
}

static int unmapped(int device, size_t mapped)
{
	struct request arg = {
		{ sizeof(arg), VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE |
			       VFIO_DEVICE_FEATURE_SET },
		{ -1 },
	};

	return edge_ioctl(device, VFIO_DEVICE_FEATURE, &arg, mapped);
}

int main(void)
{
	static const struct revoke_form form = {
		.by = BY_FEATURE,
		.sized = sized,
		.argsz = sizeof(struct request),
		.unmapped = unmapped,
		.header = sizeof(struct vfio_device_feature),
	};

	revoke_errors(&form);
	return tap_done();
}
