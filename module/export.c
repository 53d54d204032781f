// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exporting ranges of a BAR
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "bar.h"
#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "export.h"
#include "msix.h"
#include "scratch.h"
#include "size.h"
#include "space.h"
#include "stats.h"
#include "trace.h"

/* That a request can have */
#define FLAGS	(BARLEASE_DMA_BUF_MSIX | BARLEASE_DMA_BUF_ONES)

static bool open_flags_valid(u32 flags)
{
	u32 mode = flags & O_ACCMODE;

	return !(flags & ~(O_ACCMODE | O_CLOEXEC)) &&
	       (mode == O_RDONLY || mode == O_RDWR);
}

static bool range_valid(const struct vfio_region_dma_range *range, u64 bar_size)
{
	return range->length && PAGE_ALIGNED(range->offset) &&
	       PAGE_ALIGNED(range->length) && range->offset < bar_size &&
	       range->length <= bar_size - range->offset;
}

static int append_ranges(struct barlease_ranges *to,
			 struct barlease_device *bdev,
			 const struct vfio_device_feature_dma_buf *request,
			 const struct vfio_region_dma_range *ranges)
{
	bool msix_too = request->flags & BARLEASE_DMA_BUF_MSIX;
	int bar = request->region_index;
	u64 bar_start = pci_resource_start(bdev->core.pdev, bar);
	u64 bar_size = barlease_bar_size(&bdev->core, bar);
	u32 i;

	for (i = 0; i < request->nr_ranges; i++) {
		u64 offset = ranges[i].offset, length = ranges[i].length;

		if (!range_valid(&ranges[i], bar_size))
			return -EINVAL;

		if (!msix_too &&
		    barlease_msix_hit(&bdev->msix, bar, offset, length))
			return -EPERM;

		if (barlease_ranges_append(to, bar_start + offset, length))
			return -EINVAL;
	}

	return 0;
}

/*
 * Twice over the ranges: a buffer lives for long, and is to have no room for
 * those that are merged into others.
 */
static struct barlease_buffer *
buffer_of_ranges(struct barlease_device *bdev,
		 const struct vfio_device_feature_dma_buf *request,
		 const struct vfio_region_dma_range *ranges)
{
	bool scratch = request->flags & BARLEASE_DMA_BUF_ONES;
	struct barlease_ranges counted = {};
	struct barlease_buffer *buffer;
	int ret;

	ret = append_ranges(&counted, bdev, request, ranges);
	if (ret)
		return ERR_PTR(ret);

	if (!barlease_size_fits(counted.size))
		return ERR_PTR(-E2BIG);

	buffer = barlease_buffer_alloc(bdev, counted.nr + scratch);
	if (!buffer)
		return ERR_PTR(-ENOMEM);

	if (scratch && barlease_scratch_add(buffer)) {
		barlease_buffer_free(buffer);
		return ERR_PTR(-ENOMEM);
	}

	/* What went well once does so again. */
	append_ranges(&buffer->ranges, bdev, request, ranges);
	barlease_ranges_finish(&buffer->ranges);
	return buffer;
}

/* They are as many as the caller likes: whose memory that is shall be known. */
static struct vfio_region_dma_range *
copy_ranges(const struct vfio_region_dma_range __user *user_ranges, u32 nr)
{
	struct vfio_region_dma_range *ranges;

	ranges = kvmalloc_array(nr, sizeof(*ranges), GFP_KERNEL_ACCOUNT);
	if (!ranges)
		return ERR_PTR(-ENOMEM);

	if (copy_from_user(ranges, user_ranges, nr * sizeof(*ranges))) {
		kvfree(ranges);
		return ERR_PTR(-EFAULT);
	}

	return ranges;
}

static struct barlease_buffer *
buffer_from_user(struct barlease_device *bdev,
		 const struct vfio_device_feature_dma_buf *request,
		 const struct vfio_region_dma_range __user *user_ranges)
{
	struct vfio_region_dma_range *ranges;
	struct barlease_buffer *buffer;

	ranges = copy_ranges(user_ranges, request->nr_ranges);
	if (IS_ERR(ranges))
		return ERR_CAST(ranges);

	buffer = buffer_of_ranges(bdev, request, ranges);
	kvfree(ranges);
	return buffer;
}

/* Consumes the buffer, whatever the result. */
static int buffer_to_fd(struct barlease_buffer *buffer,
			const struct vfio_device_feature_dma_buf *request)
{
	struct barlease_device *bdev = buffer->bdev;
	u32 mode = request->open_flags & O_ACCMODE;
	struct dma_buf *dmabuf;
	int ret;

	ret = barlease_space_alloc(bdev, buffer->ranges.size, &buffer->pgoff);
	if (ret)
		goto err_free_buffer;

	dmabuf = barlease_buffer_export(buffer, mode);
	if (IS_ERR(dmabuf)) {
		ret = PTR_ERR(dmabuf);
		goto err_free_space;
	}

	/* With a descriptor it is whosever closes that. */
	trace_export(buffer, request->region_index, mode == O_RDWR);
	ret = dma_buf_fd(dmabuf, request->open_flags & O_CLOEXEC);
	if (ret < 0)
		dma_buf_put(dmabuf);
	return ret;

err_free_space:
	barlease_space_free(bdev, buffer->pgoff);
err_free_buffer:
	barlease_buffer_free(buffer);
	return ret;
}

static int check_request(struct barlease_device *bdev,
			 const struct vfio_device_feature_dma_buf *request,
			 size_t argsz)
{
	if (request->flags & ~FLAGS || !request->nr_ranges ||
	    !open_flags_valid(request->open_flags))
		return -EINVAL;

	if (request->nr_ranges > BARLEASE_MAX_RANGES)
		return -E2BIG;

	if (argsz < struct_size(request, dma_ranges, request->nr_ranges))
		return -EINVAL;

	if (!barlease_bar_mappable(&bdev->core, request->region_index))
		return -ENODEV;

	return barlease_bar_claimed(&bdev->core, request->region_index);
}

static int export(struct barlease_device *bdev,
		  struct vfio_device_feature_dma_buf __user *user_request,
		  size_t argsz)
{
	struct vfio_device_feature_dma_buf request;
	struct barlease_buffer *buffer;
	int ret;

	if (copy_from_user(&request, user_request, sizeof(request)))
		return -EFAULT;

	ret = check_request(bdev, &request, argsz);
	if (ret)
		return ret;

	buffer = buffer_from_user(bdev, &request, user_request->dma_ranges);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);

	return buffer_to_fd(buffer, &request);
}

int barlease_feature_dma_buf(struct barlease_device *bdev, u32 flags,
			     void __user *arg, size_t argsz)
{
	int ret;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET,
				 sizeof(struct vfio_device_feature_dma_buf));
	if (ret != 1)
		return ret;

	ret = export(bdev, arg, argsz);
	barlease_count(bdev, ret < 0 ? BARLEASE_EXPORTS_REFUSED :
				       BARLEASE_EXPORTS);
	return ret;
}
