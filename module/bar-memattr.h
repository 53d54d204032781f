/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory attribute of ordinary BAR maps
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Each BAR has a table of parts, which is never changed but replaced. So a map
 * whose parts differ just keeps a reference to the table of its day.
 */
#ifndef BARLEASE_BAR_MEMATTR_H
#define BARLEASE_BAR_MEMATTR_H

#include <linux/device.h>
#include <linux/mm_types.h>
#include <linux/types.h>

struct barlease_bar_parts;
struct barlease_buffer;
struct barlease_device;

/* Who sets an attribute */
enum barlease_bar_setter {
	BARLEASE_BAR_OWNER,	/* lasts until the last close */
	BARLEASE_BAR_ADMIN,	/* lasts until the device is unbound */
};

void barlease_bar_memattr_init(struct barlease_device *bdev);
void barlease_bar_memattr_destroy(struct barlease_device *bdev);

/* At the last close: what the owner has set is gone. */
void barlease_bar_memattr_forget_owner(struct barlease_device *bdev);

/**
 * barlease_bar_memattr_set() - choose the attribute of BAR maps to come
 * @bdev: the device
 * @bar: a memory BAR of it
 * @offset: where in the BAR, in bytes
 * @length: how much of it, in bytes; 0 is all the rest
 * @memattr: VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_*
 * @setter: who wants it
 *
 * The last word holds, whoever said it.
 *
 * Return: 0; -EINVAL not in whole pages, or past the BAR; -EOPNOTSUPP an
 * attribute that is unknown or not to be had; -E2BIG too many parts; -ENOMEM.
 */
int barlease_bar_memattr_set(struct barlease_device *bdev, unsigned int bar,
			     u64 offset, u64 length, u32 memattr,
			     enum barlease_bar_setter setter);

/**
 * barlease_bar_memattr_get() - the attribute that BAR maps get now
 * @bdev: the device
 * @bar: a memory BAR of it
 * @offset: where in the BAR, in bytes, and less than its size
 * @end: receives where in the BAR that attribute ends
 *
 * Return: the attribute.
 */
u32 barlease_bar_memattr_get(struct barlease_device *bdev, unsigned int bar,
			     u64 offset, u64 *end);

/**
 * barlease_bar_memattr_apply() - give a BAR map its attribute
 * @buffer: behind the map; has its ranges and its place
 * @bar: the BAR
 */
void barlease_bar_memattr_apply(struct barlease_buffer *buffer,
				unsigned int bar);

/* NULL is fine. */
void barlease_bar_parts_put(struct barlease_bar_parts *parts);

/**
 * barlease_bar_parts_find() - the attribute at one place of a BAR map
 * @buffer: whose memattr is BARLEASE_MEMATTR_PARTS
 * @offset: in the buffer, in bytes, and less than its size
 * @end: receives where in the buffer that attribute ends, which may be past the buffer's end
 *
 * Return: the attribute.
 */
u32 barlease_bar_parts_find(const struct barlease_buffer *buffer, u64 offset,
			    u64 *end);

/* BARLEASE_FEATURE_BAR_MEMATTR */
int barlease_feature_bar_memattr(struct barlease_device *bdev, u32 flags,
				 void __user *arg, size_t argsz);

/**
 * struct barlease_bar_attribute - barN_memattr of a PCI device in sysfs
 * @attr: the attribute
 * @bar: N
 */
struct barlease_bar_attribute {
	struct device_attribute attr;
	unsigned int bar;
};

extern struct barlease_bar_attribute barlease_bar_attributes[];

#endif /* BARLEASE_BAR_MEMATTR_H */
