// SPDX-License-Identifier: MIT
/*
 * BARs: where VFIO has them, and how they are aligned
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <linux/vfio.h>

#include "page.h"
#include "device.h"

int barlease_device_bar(const struct barlease_device *device,
			unsigned int index, struct barlease_bar *bar)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_BAR0_REGION_INDEX + index,
	};

	if (index >= BARLEASE_BARS)
		return -EINVAL;
	if (ioctl(device->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;

	*bar = (struct barlease_bar){
		.offset = info.offset,
		.size = info.size,
		.mappable = info.size && info.flags & VFIO_REGION_INFO_FLAG_MMAP,
	};
	return 0;
}

int barlease_alignment(const struct barlease_device *device, unsigned int bar,
		       uint64_t offset, struct barlease_alignment *alignment)
{
	struct barlease_bar where = { .size = 0 };
	int ret;

	ret = barlease_device_bar(device, bar, &where);
	if (ret)
		return ret;
	if (offset >= where.size)
		return -EINVAL;

	alignment->align = bl_huge_page(where.size);
	alignment->phase = offset % alignment->align;
	return 0;
}
