/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers: the DMABUFs of a device
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_BUFFER_H
#define BARLEASE_BUFFER_H

#include <linux/list.h>
#include <linux/types.h>

#include "gate.h"
#include "memattr.h"
#include "range.h"

struct barlease_bar_parts;
struct barlease_device;
struct barlease_importers;
struct dma_buf;
struct file;

/**
 * struct barlease_buffer - one DMABUF, its priv
 * @bdev: the device. The buffer has a reference on its struct device, so this
 *   and bdev->core.memory_lock outlive every mapping; the PCI device behind it
 *   does not, and may only be looked at while @gate is open.
 * @node: in bdev->buffers, until the DMABUF is released
 * @vfio_file: of a BAR map, the VFIO file that the buffer took over from the VMA
 * @ino: of an exported buffer, its DMABUF's inode, to be known by
 * @pgoff: its first page in the device's space of offsets; somebody else's
 *   perhaps, once @retired is set
 * @bar_parts: of a BAR map with parts that differ, its parts
 * @importers: of an exported buffer, the devices that are or were attached; NULL
 *   where there was none. A BAR map cannot be had by any.
 * @memattr: VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_*, for mappings to come; or
 *   BARLEASE_MEMATTR_PARTS
 * @bar_map: what a mmap() of the device's own file shows; not exported
 * @retired: revoked, and all its mappings are gone; set once, by who has zapped
 *   them
 * @scratch: after that, mappings show a page of its own, see scratch.h
 * @gate: barred by a pause, closed by a revoke; who fills page tables is inside
 * @ranges: what it consists of
 *
 * Nothing here refers to the DMABUF's struct file: it may be freed long before
 * the DMABUF is released, when somebody has an O_PATH descriptor of it.
 */
struct barlease_buffer {
	struct barlease_device *bdev;
	struct list_head node;
	union {
		struct file *vfio_file;
		unsigned long ino;
	};
	unsigned long pgoff;
	union {
		struct barlease_bar_parts *bar_parts;
		struct barlease_importers *importers;
	};
	u8 memattr;
	bool bar_map;
	bool retired;
	bool scratch;
	struct barlease_gate gate;
	struct barlease_ranges ranges;
};

/* Each with an attribute of its own */
static inline bool barlease_buffer_has_parts(const struct barlease_buffer *buffer)
{
	return buffer->memattr == BARLEASE_MEMATTR_PARTS;
}

/* For good. A revoke that comes right after the answer is caught by the fault. */
static inline bool barlease_buffer_revoked(const struct barlease_buffer *buffer)
{
	return barlease_gate_closed(&buffer->gate);
}

static inline bool barlease_buffer_paused(const struct barlease_buffer *buffer)
{
	return !barlease_buffer_revoked(buffer) &&
	       barlease_gate_paused(&buffer->gate);
}

static inline bool barlease_buffer_retired(const struct barlease_buffer *buffer)
{
	/* Pairs with the one in revoke.c's retire() */
	return smp_load_acquire(&buffer->retired);
}

/**
 * barlease_buffer_alloc() - a buffer without ranges and without a DMABUF
 * @bdev: the device
 * @nr_ranges: how many ranges there is to be room for
 *
 * Return: the buffer, or NULL without memory. Goes with
 * barlease_buffer_free(), or by releasing its DMABUF.
 */
struct barlease_buffer *barlease_buffer_alloc(struct barlease_device *bdev,
					      u32 nr_ranges);
void barlease_buffer_free(struct barlease_buffer *buffer);

/**
 * barlease_buffer_export() - wrap a buffer into a DMABUF
 * @buffer: has its ranges and its place in the space of offsets
 * @flags: open flags of the DMABUF's file
 *
 * Return: the DMABUF, which owns the buffer from now on; or an ERR_PTR(), and
 * the buffer is still the caller's.
 */
struct dma_buf *barlease_buffer_export(struct barlease_buffer *buffer,
				       int flags);

/**
 * barlease_dma_buf_get() - the DMABUF behind an fd
 * @bdev: whose DMABUF it must be
 * @fd: from userspace
 *
 * Return: the DMABUF, for dma_buf_put(); its priv is a struct barlease_buffer.
 * Or ERR_PTR(): -EBADF no open fd, -EINVAL no DMABUF, -ENODEV not of @bdev.
 */
struct dma_buf *barlease_dma_buf_get(struct barlease_device *bdev, int fd);

#endif /* BARLEASE_BUFFER_H */
