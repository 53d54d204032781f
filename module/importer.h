/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Importers: other devices that reach a buffer by DMA
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Who takes access away bars the door first, either the gate of one buffer or
 * that of all of the device's, barlease_importers_forbid(); then tells those who
 * have a mapping, and waits until they have given it back. A mapping that was
 * given back is used no more, which is what the DMA API demands of any device.
 * Fences prove less: whoever has a lease can put one of his own among them, that
 * never signals. So they are not waited for.
 *
 * Importers are told by a work item: one that never comes back from that, or
 * that keeps the reservation lock, is waited for like one that keeps its mapping,
 * and by nobody who cannot be killed where it can be helped.
 */
#ifndef BARLEASE_IMPORTER_H
#define BARLEASE_IMPORTER_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct barlease_buffer;
struct barlease_device;
struct device_attribute;
struct dma_buf;
struct dma_buf_attachment;
struct sg_table;

int barlease_importer_init(void);
void barlease_importer_exit(void);

/* A device has none at first */
void barlease_importers_init(struct barlease_device *bdev);
void barlease_importers_destroy(struct barlease_device *bdev);

/* struct dma_buf_ops */
int barlease_attach(struct dma_buf *dmabuf,
		    struct dma_buf_attachment *attachment);
void barlease_detach(struct dma_buf *dmabuf,
		     struct dma_buf_attachment *attachment);
struct sg_table *barlease_map(struct dma_buf_attachment *attachment,
			      enum dma_data_direction direction);
void barlease_unmap(struct dma_buf_attachment *attachment,
		    struct sg_table *table, enum dma_data_direction direction);

/**
 * barlease_importers_tell() - have the importers of a buffer give it back
 * @dmabuf: the DMABUF; its gate is closed, and the caller has a reference
 *
 * Does not wait.
 */
void barlease_importers_tell(struct dma_buf *dmabuf);

/**
 * barlease_importers_wait() - wait until no device has a mapping of a buffer
 * @dmabuf: the DMABUF, as above, told
 *
 * The kernel's log names those that are waited for, once a second.
 *
 * Return: 0, or -EINTR when there is a fatal signal.
 */
int barlease_importers_wait(struct dma_buf *dmabuf);

/**
 * barlease_importers_tell_all() - the same, of all buffers of a device
 * @bdev: the device; its importers are forbidden, or all gates are closed
 */
void barlease_importers_tell_all(struct barlease_device *bdev);

/* Come what may */
void barlease_importers_wait_all(struct barlease_device *bdev);

/**
 * barlease_importers_forbid() - no mapping of any buffer of a device for now
 * @bdev: the device
 *
 * When it returns, no device has one. Goes with barlease_importers_allow(), and
 * may be nested. Take no lock along that a fault or another buffer may need.
 */
void barlease_importers_forbid(struct barlease_device *bdev);

/* Return: 0; or -EINTR when there is a fatal signal, and nothing is forbidden. */
int barlease_importers_forbid_killable(struct barlease_device *bdev);
void barlease_importers_allow(struct barlease_device *bdev);

/* How many are attached to a buffer, and how many mappings they have */
void barlease_importers_count(struct dma_buf *dmabuf, u32 *attached,
			      u32 *mapped);

/* The mappings alone, without a lock; also of a BAR map, which has none */
unsigned int barlease_importers_mapped(const struct barlease_buffer *buffer);

/* BARLEASE_FEATURE_DMA_BUF_IMPORTERS */
int barlease_feature_importers(struct barlease_device *bdev, u32 flags,
			       void __user *arg, size_t argsz);

/* Which devices are attached to which buffers, in sysfs */
extern struct device_attribute barlease_importers_attribute;

#endif /* BARLEASE_IMPORTER_H */
