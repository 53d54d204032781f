// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory attribute of ordinary BAR maps
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/kref.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "bar.h"
#include "bar-memattr.h"
#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "memattr.h"
#include "parts.h"

struct barlease_bar_parts {
	struct kref kref;
	struct barlease_parts parts;
};

static void free_parts(struct kref *kref)
{
	kfree(container_of(kref, struct barlease_bar_parts, kref));
}

void barlease_bar_parts_put(struct barlease_bar_parts *parts)
{
	if (parts)
		kref_put(&parts->kref, free_parts);
}

static struct barlease_bar_parts *get_parts(struct barlease_bar_parts *parts)
{
	if (parts)
		kref_get(&parts->kref);
	return parts;
}

/* Whoever is replaced may still be in use by a map. */
static void replace_parts(struct barlease_bar_parts **place,
			  struct barlease_bar_parts *parts)
{
	barlease_bar_parts_put(*place);
	*place = parts;
}

static struct barlease_bar_parts *alloc_parts(u32 nr)
{
	struct barlease_bar_parts *parts;

	parts = kzalloc(struct_size(parts, parts.part, nr), GFP_KERNEL_ACCOUNT);
	if (parts)
		kref_init(&parts->kref);
	return parts;
}

void barlease_bar_memattr_init(struct barlease_device *bdev)
{
	mutex_init(&bdev->bar_parts_lock);
}

void barlease_bar_memattr_destroy(struct barlease_device *bdev)
{
	unsigned int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		replace_parts(&bdev->bar_parts[bar], NULL);
		replace_parts(&bdev->bar_parts_admin[bar], NULL);
	}
	mutex_destroy(&bdev->bar_parts_lock);
}

void barlease_bar_memattr_forget_owner(struct barlease_device *bdev)
{
	unsigned int bar;

	mutex_lock(&bdev->bar_parts_lock);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		replace_parts(&bdev->bar_parts[bar],
			      get_parts(bdev->bar_parts_admin[bar]));
	mutex_unlock(&bdev->bar_parts_lock);
}

/* A BAR that nobody has said anything about has no table: it is uncached. */
static int make_first(struct barlease_device *bdev, unsigned int bar,
		      struct barlease_bar_parts **place)
{
	struct barlease_bar_parts *parts;

	if (*place)
		return 0;

	parts = alloc_parts(1);
	if (!parts)
		return -ENOMEM;

	parts->parts.nr = 1;
	parts->parts.part[0].end = barlease_bar_size(&bdev->core, bar);
	parts->parts.part[0].memattr = VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC;
	*place = parts;
	return 0;
}

/* The table of @place after a change, which is from @start on. */
static struct barlease_bar_parts *
changed_parts(struct barlease_device *bdev, unsigned int bar,
	      struct barlease_bar_parts **place, u64 start,
	      const struct barlease_part *change)
{
	struct barlease_bar_parts *parts;
	int ret;

	ret = make_first(bdev, bar, place);
	if (ret)
		return ERR_PTR(ret);

	parts = alloc_parts((*place)->parts.nr + BARLEASE_PARTS_GROWTH);
	if (!parts)
		return ERR_PTR(-ENOMEM);

	barlease_parts_set(&parts->parts, &(*place)->parts, start, change->end,
			   change->memattr);
	if (parts->parts.nr > BARLEASE_MAX_BAR_PARTS) {
		barlease_bar_parts_put(parts);
		return ERR_PTR(-E2BIG);
	}
	return parts;
}

/* The administrator changes both tables, or none. */
static int set_locked(struct barlease_device *bdev, unsigned int bar, u64 start,
		      const struct barlease_part *change,
		      enum barlease_bar_setter setter)
{
	struct barlease_bar_parts **now = &bdev->bar_parts[bar];
	struct barlease_bar_parts **admin = &bdev->bar_parts_admin[bar];
	struct barlease_bar_parts *parts, *parts_admin;

	parts = changed_parts(bdev, bar, now, start, change);
	if (IS_ERR(parts))
		return PTR_ERR(parts);

	if (setter == BARLEASE_BAR_ADMIN) {
		parts_admin = changed_parts(bdev, bar, admin, start, change);
		if (IS_ERR(parts_admin)) {
			barlease_bar_parts_put(parts);
			return PTR_ERR(parts_admin);
		}
		replace_parts(admin, parts_admin);
	}
	replace_parts(now, parts);
	return 0;
}

int barlease_bar_memattr_set(struct barlease_device *bdev, unsigned int bar,
			     u64 offset, u64 length, u32 memattr,
			     enum barlease_bar_setter setter)
{
	u64 size = barlease_bar_size(&bdev->core, bar);
	struct barlease_part change;
	int ret;

	if (offset >= size || length > size - offset ||
	    !PAGE_ALIGNED(offset) || !PAGE_ALIGNED(length))
		return -EINVAL;
	if (!barlease_memattr_supported(memattr))
		return -EOPNOTSUPP;

	change.end = length ? offset + length : size;
	change.memattr = memattr;

	mutex_lock(&bdev->bar_parts_lock);
	ret = set_locked(bdev, bar, offset, &change, setter);
	mutex_unlock(&bdev->bar_parts_lock);
	return ret;
}

u32 barlease_bar_memattr_get(struct barlease_device *bdev, unsigned int bar,
			     u64 offset, u64 *end)
{
	struct barlease_part part = {
		.end = barlease_bar_size(&bdev->core, bar),
		.memattr = VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC,
	};

	mutex_lock(&bdev->bar_parts_lock);
	if (bdev->bar_parts[bar])
		part = *barlease_parts_find(&bdev->bar_parts[bar]->parts,
					    offset);
	mutex_unlock(&bdev->bar_parts_lock);

	*end = part.end;
	return part.memattr;
}

/* Where in its BAR the buffer of a BAR map begins. */
static u64 bar_offset(const struct barlease_buffer *buffer)
{
	return ((u64)buffer->pgoff << PAGE_SHIFT) & VFIO_PCI_OFFSET_MASK;
}

void barlease_bar_memattr_apply(struct barlease_buffer *buffer,
				unsigned int bar)
{
	struct barlease_device *bdev = buffer->bdev;
	struct barlease_bar_parts *parts;
	const struct barlease_part *part;
	u64 start = bar_offset(buffer);

	mutex_lock(&bdev->bar_parts_lock);
	parts = bdev->bar_parts[bar];
	if (parts) {
		part = barlease_parts_find(&parts->parts, start);
		if (part->end >= start + buffer->ranges.size) {
			buffer->memattr = part->memattr;
		} else {
			buffer->memattr = BARLEASE_MEMATTR_PARTS;
			buffer->bar_parts = get_parts(parts);
		}
	}
	mutex_unlock(&bdev->bar_parts_lock);
}

u32 barlease_bar_parts_find(const struct barlease_buffer *buffer, u64 offset,
			    u64 *end)
{
	u64 base = bar_offset(buffer);
	const struct barlease_part *part;

	part = barlease_parts_find(&buffer->bar_parts->parts, base + offset);
	*end = part->end - base;
	return part->memattr;
}

static int set_or_get(struct barlease_device *bdev, u32 flags,
		      struct barlease_bar_memattr *request)
{
	u64 size, end;

	if (!barlease_bar_mappable(&bdev->core, request->region_index))
		return -ENODEV;

	if (flags & VFIO_DEVICE_FEATURE_SET)
		return barlease_bar_memattr_set(bdev, request->region_index,
						request->offset,
						request->length,
						request->memattr,
						BARLEASE_BAR_OWNER);

	size = barlease_bar_size(&bdev->core, request->region_index);
	if (request->offset >= size || !PAGE_ALIGNED(request->offset))
		return -EINVAL;

	request->memattr = barlease_bar_memattr_get(bdev, request->region_index,
						    request->offset, &end);
	request->length = end - request->offset;
	return 0;
}

int barlease_feature_bar_memattr(struct barlease_device *bdev, u32 flags,
				 void __user *arg, size_t argsz)
{
	struct barlease_bar_memattr request;
	int ret;

	ret = vfio_check_feature(flags, argsz,
				 VFIO_DEVICE_FEATURE_GET |
					 VFIO_DEVICE_FEATURE_SET,
				 sizeof(request));
	if (ret != 1)
		return ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;

	ret = set_or_get(bdev, flags, &request);
	if (ret)
		return ret;

	if (flags & VFIO_DEVICE_FEATURE_GET &&
	    copy_to_user(arg, &request, sizeof(request)))
		return -EFAULT;

	return 0;
}
