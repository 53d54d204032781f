// SPDX-License-Identifier: MIT
/*
 * Memory that a device reaches
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <linux/vfio.h>

#include "device.h"
#include "page.h"

static int find_space(const struct barlease_device *device,
		      struct bl_space *space)
{
	switch (device->origin) {
	case BL_WRAPPED:
		*space = device->space;
		return space->fd ? 0 : -EOPNOTSUPP;
	case BL_BY_GROUP:
		return bl_group_space(device->group, space);
	case BL_BY_IOMMUFD:
		return bl_iommufd_space(device->node, space);
	}
	return -EOPNOTSUPP;
}

int barlease_device_address_space(const struct barlease_device *device,
				  struct barlease_address_space *told)
{
	struct bl_space space;
	int ret = 0;

	if (device->origin == BL_BY_IOMMUFD)
		ret = bl_iommufd_attach(device->node);
	if (!ret)
		ret = find_space(device, &space);
	return ret ?: bl_space_describe(&space, told);
}

int barlease_device_use_space(struct barlease_device *device, int fd,
			      uint32_t ioas)
{
	/* Each has a version, which the other's number is no call for */
	if (device->origin != BL_WRAPPED || fd < 1 ||
	    (!ioas && ioctl(fd, VFIO_GET_API_VERSION) != VFIO_API_VERSION))
		return -EINVAL;
	device->space = (struct bl_space){ fd, ioas };
	return 0;
}

static bool is_aligned(const struct barlease_dma *dma)
{
	return dma->length && !(dma->address & (bl_page() - 1)) &&
	       !((dma->offset | dma->length) & (bl_file_page(dma->memory) - 1));
}

int barlease_device_map(const struct barlease_device *device,
			const struct barlease_dma *dma)
{
	struct bl_space space;
	int ret = find_space(device, &space);

	if (ret)
		return ret;
	if (!is_aligned(dma) || dma->flags & ~BARLEASE_READ_ONLY ||
	    dma->reserved[0] || dma->reserved[1])
		return -EINVAL;
	return bl_space_map(&space, dma);
}

int barlease_device_unmap(const struct barlease_device *device,
			  uint64_t address, uint64_t length)
{
	struct bl_space space;
	int ret = find_space(device, &space);

	return ret ?: bl_space_unmap(&space, address, length);
}
