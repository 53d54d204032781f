// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers: the DMABUFs of a device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/dma-buf.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "bar-memattr.h"
#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "importer.h"
#include "mmap.h"
#include "scratch.h"
#include "space.h"
#include "trace.h"

static void barlease_release(struct dma_buf *dmabuf)
{
	struct barlease_buffer *buffer = dmabuf->priv;
	struct barlease_device *bdev = buffer->bdev;

	mutex_lock(&bdev->buffers_lock);
	list_del(&buffer->node);
	mutex_unlock(&bdev->buffers_lock);

	if (buffer->bar_map) {
		fput(buffer->vfio_file);
	} else {
		trace_release(buffer);
		if (!buffer->retired)
			barlease_space_free(bdev, buffer->pgoff);
	}
	barlease_buffer_free(buffer);
}

static const struct dma_buf_ops barlease_dma_buf_ops = {
	.attach		= barlease_attach,
	.detach		= barlease_detach,
	.map_dma_buf	= barlease_map,
	.unmap_dma_buf	= barlease_unmap,
	.mmap		= barlease_dma_buf_mmap,
	.release	= barlease_release,
};

/* What docs/driver.md says that a lease of one range takes */
static_assert(BITS_PER_LONG != 64 ||
	      offsetof(struct barlease_buffer, ranges.range[1]) <= 96);

struct barlease_buffer *barlease_buffer_alloc(struct barlease_device *bdev,
					      u32 nr_ranges)
{
	struct barlease_buffer *buffer;
	size_t bytes = struct_size(buffer, ranges.range, nr_ranges);

	/*
	 * Not kvzalloc(): its memory is a power of two, which for the most
	 * ranges that there can be is twice what they need.
	 */
	if (bytes <= PAGE_SIZE)
		buffer = kzalloc(bytes, GFP_KERNEL_ACCOUNT);
	else
		buffer = __vmalloc(bytes, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!buffer)
		return NULL;

	get_device(&bdev->core.vdev.device);
	buffer->bdev = bdev;
	buffer->memattr = VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC;
	buffer->ranges.room = nr_ranges;
	return buffer;
}

void barlease_buffer_free(struct barlease_buffer *buffer)
{
	barlease_scratch_free(buffer);
	if (barlease_buffer_has_parts(buffer))
		barlease_bar_parts_put(buffer->bar_parts);
	else
		kfree(buffer->importers);
	put_device(&buffer->bdev->core.vdev.device);
	kvfree(buffer);
}

struct dma_buf *barlease_buffer_export(struct barlease_buffer *buffer,
				       int flags)
{
	struct barlease_device *bdev = buffer->bdev;
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct dma_buf *dmabuf;

	exp_info.ops = &barlease_dma_buf_ops;
	exp_info.size = buffer->ranges.size;
	exp_info.flags = flags;
	exp_info.priv = buffer;

	dmabuf = dma_buf_export(&exp_info);
	if (IS_ERR(dmabuf))
		return dmabuf;

	/*
	 * Nobody else has the file yet. With the device's mapping, all that
	 * zaps the device's BARs zaps mappings of this file as well.
	 */
	dmabuf->file->f_mapping = barlease_mapping(bdev);
	if (!buffer->bar_map)
		buffer->ino = file_inode(dmabuf->file)->i_ino;

	mutex_lock(&bdev->buffers_lock);
	list_add_tail(&buffer->node, &bdev->buffers);
	mutex_unlock(&bdev->buffers_lock);

	return dmabuf;
}

struct dma_buf *barlease_dma_buf_get(struct barlease_device *bdev, int fd)
{
	struct barlease_buffer *buffer;
	struct dma_buf *dmabuf;

	dmabuf = dma_buf_get(fd);
	if (IS_ERR(dmabuf))
		return dmabuf;

	buffer = dmabuf->priv;
	if (dmabuf->ops != &barlease_dma_buf_ops || buffer->bdev != bdev) {
		dma_buf_put(dmabuf);
		return ERR_PTR(-ENODEV);
	}

	return dmabuf;
}

/* MODULE_IMPORT_NS(), in the one form that every kernel takes */
MODULE_INFO(import_ns, "DMA_BUF");
