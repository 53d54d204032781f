// SPDX-License-Identifier: MIT
/*
 * The calls of <linux/barlease.h>
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/dma-buf.h>

#include "lease.h"
#include "tap.h"
#include "vfio.h"

int lease_export_as(int device, const struct vfio_device_feature_dma_buf *what,
		    const struct vfio_region_dma_range *ranges)
{
	struct vfio_device_feature_dma_buf *arg;
	size_t bytes = what->nr_ranges * sizeof(*ranges);
	int ret;

	arg = calloc(1, sizeof(*arg) + bytes);
	if (!arg)
		return -ENOMEM;
	*arg = *what;
	if (bytes)
		memcpy(arg->dma_ranges, ranges, bytes);

	ret = vfio_feature(device, VFIO_DEVICE_FEATURE_DMA_BUF,
			   VFIO_DEVICE_FEATURE_GET, arg, sizeof(*arg) + bytes);
	free(arg);
	return ret;
}

int lease_export(int device, uint32_t bar, uint32_t open_flags,
		 const struct vfio_region_dma_range *ranges, uint32_t nr_ranges)
{
	const struct vfio_device_feature_dma_buf what = {
		.region_index = bar,
		.open_flags = open_flags,
		.nr_ranges = nr_ranges,
	};

	return lease_export_as(device, &what, ranges);
}

int lease_of(int device, uint32_t bar, uint64_t offset, uint64_t length)
{
	struct vfio_region_dma_range range = { offset, length };
	int fd = lease_export(device, bar, O_RDWR | O_CLOEXEC, &range, 1);

	if (fd < 0)
		bail("cannot export %#llx bytes at %#llx of BAR %u: %s",
		     (unsigned long long)length, (unsigned long long)offset,
		     bar, strerror(-fd));
	return fd;
}

int lease_of_ones(int device, uint32_t bar, uint64_t offset, uint64_t length)
{
	const struct vfio_device_feature_dma_buf what = {
		.region_index = bar,
		.open_flags = O_RDWR | O_CLOEXEC,
		.flags = BARLEASE_DMA_BUF_ONES,
		.nr_ranges = 1,
	};
	struct vfio_region_dma_range range = { offset, length };
	int fd = lease_export_as(device, &what, &range);

	if (fd < 0)
		bail("cannot export a lease that ends in ones: %s",
		     strerror(-fd));
	return fd;
}

static int state(int device, int dmabuf, uint32_t how, uint32_t flags)
{
	struct barlease_dma_buf_state arg = { .dmabuf_fd = dmabuf, .flags = flags };
	int ret;

	ret = vfio_feature(device, BARLEASE_FEATURE_DMA_BUF_STATE, how, &arg,
			   sizeof(arg));
	return ret < 0 ? ret : (int)arg.flags;
}

int lease_set_state(int device, int dmabuf, uint32_t flags)
{
	int ret = state(device, dmabuf, VFIO_DEVICE_FEATURE_SET, flags);

	return ret < 0 ? ret : 0;
}

int lease_pause(int device, int dmabuf)
{
	return lease_set_state(device, dmabuf, BARLEASE_DMA_BUF_PAUSED);
}

int lease_resume(int device, int dmabuf)
{
	return lease_set_state(device, dmabuf, 0);
}

int lease_get_state(int device, int dmabuf)
{
	return state(device, dmabuf, VFIO_DEVICE_FEATURE_GET, 0);
}

static int revoke_by_feature(int device, int dmabuf)
{
	struct vfio_device_feature_dma_buf_revoke arg = { dmabuf };

	return vfio_feature(device, VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE,
			    VFIO_DEVICE_FEATURE_SET, &arg, sizeof(arg));
}

static int revoke_by_ioctl(int device, int dmabuf)
{
	struct vfio_pci_dmabuf_revoke arg = { sizeof(arg), dmabuf };
	int ret = ioctl(device, VFIO_DEVICE_PCI_DMABUF_REVOKE, &arg);

	return ret < 0 ? -errno : ret;
}

int lease_revoke_by(enum revoke_by how, int device, int dmabuf)
{
	return how == BY_FEATURE ? revoke_by_feature(device, dmabuf) :
				   revoke_by_ioctl(device, dmabuf);
}

int lease_revoke(int device, int dmabuf)
{
	return revoke_by_feature(device, dmabuf);
}

int lease_set_memattr(int device, int dmabuf, uint32_t memattr)
{
	struct vfio_device_feature_dma_buf_memattr arg = { dmabuf, memattr };

	return vfio_feature(device, VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR,
			    VFIO_DEVICE_FEATURE_SET, &arg, sizeof(arg));
}

int lease_get_memattr(int device, int dmabuf)
{
	struct vfio_device_feature_dma_buf_memattr arg = { dmabuf, ~0u };
	int ret;

	ret = vfio_feature(device, VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR,
			   VFIO_DEVICE_FEATURE_GET, &arg, sizeof(arg));
	return ret < 0 ? ret : (int)arg.memattr;
}

int bar_set_memattr(int device, uint32_t bar, uint64_t offset, uint64_t length,
		    uint32_t memattr)
{
	struct barlease_bar_memattr arg = { bar, memattr, offset, length };

	return vfio_feature(device, BARLEASE_FEATURE_BAR_MEMATTR,
			    VFIO_DEVICE_FEATURE_SET, &arg, sizeof(arg));
}

int bar_get_memattr(int device, uint32_t bar, uint64_t offset, uint64_t *length)
{
	struct barlease_bar_memattr arg = { bar, ~0u, offset, ~0ull };
	int ret;

	ret = vfio_feature(device, BARLEASE_FEATURE_BAR_MEMATTR,
			   VFIO_DEVICE_FEATURE_GET, &arg, sizeof(arg));
	if (ret < 0)
		return ret;
	if (length)
		*length = arg.length;
	return (int)arg.memattr;
}

unsigned long lease_inode(int dmabuf)
{
	struct stat stat;

	if (fstat(dmabuf, &stat))
		bail("fstat() of a lease: %s", strerror(errno));
	return stat.st_ino;
}

int lease_set_name(int dmabuf, const char *name)
{
	return ioctl(dmabuf, DMA_BUF_SET_NAME, name) ? -errno : 0;
}
