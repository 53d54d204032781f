// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers, the driver's own and those of others
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A buffer of one's own is coherent memory: one piece, mapped for the device
 * from the beginning to the end, and nothing to flush.
 *
 * A process may keep buffers for longer than the driver has the device, and
 * neither mappings nor memory for it may outlast that: so the device knows all
 * of its buffers, and takes from them what they have of it when it goes.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_vma_manager.h>

#include "bo.h"
#include "device.h"
#include "import.h"

static void take(struct edu_device *edu, struct edu_bo *bo)
{
	list_del_init(&bo->link);
	if (bo->attachment)
		edu_import_detach(bo);
	else
		dma_free_coherent(edu->drm.dev, bo->base.size, bo->memory,
				  bo->address);
}

static void bo_free(struct drm_gem_object *obj)
{
	struct edu_device *edu = to_edu(obj->dev);
	struct edu_bo *bo = to_edu_bo(obj);

	scoped_guard(mutex, &edu->bos_lock)
		if (!list_empty(&bo->link))
			take(edu, bo);
	drm_gem_object_release(obj);
	kfree(bo);
}

void edu_bo_take_all(struct edu_device *edu)
{
	struct edu_bo *bo, *next;

	guard(mutex)(&edu->bos_lock);
	list_for_each_entry_safe(bo, next, &edu->bos, link)
		take(edu, bo);
}

/* A buffer of somebody else is mapped through its own fd. */
static int bo_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	struct edu_bo *bo = to_edu_bo(obj);
	int ret = -EINVAL, token;

	if (!drm_dev_enter(obj->dev, &token))
		return -ENODEV;
	if (!bo->attachment) {
		/* DRM counts from the beginning of the device's file. */
		vma->vm_pgoff -= drm_vma_node_start(&obj->vma_node);
		vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
		ret = dma_mmap_coherent(obj->dev->dev, vma, bo->memory,
					bo->address, obj->size);
	}
	drm_dev_exit(token);
	return ret;
}

/* Nobody else has a use for them. */
static struct dma_buf *bo_export(struct drm_gem_object *obj, int flags)
{
	return ERR_PTR(-EOPNOTSUPP);
}

/* A mapping has a reference. */
static const struct vm_operations_struct vm_ops = {
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

static const struct drm_gem_object_funcs bo_funcs = {
	.free = bo_free,
	.export = bo_export,
	.mmap = bo_mmap,
	.vm_ops = &vm_ops,
};

struct edu_bo *edu_bo_alloc(void)
{
	struct edu_bo *bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);

	if (!bo)
		return NULL;
	INIT_LIST_HEAD(&bo->link);
	bo->base.funcs = &bo_funcs;
	return bo;
}

void edu_bo_add(struct edu_device *edu, struct edu_bo *bo)
{
	guard(mutex)(&edu->bos_lock);
	list_add(&bo->link, &edu->bos);
}

struct edu_bo *edu_bo_create(struct edu_device *edu, size_t size)
{
	struct edu_bo *bo = edu_bo_alloc();

	if (!bo)
		return ERR_PTR(-ENOMEM);

	size = PAGE_ALIGN(size);
	bo->writable = true;
	bo->memory = dma_alloc_coherent(edu->drm.dev, size, &bo->address,
					GFP_KERNEL_ACCOUNT);
	if (!bo->memory) {
		kfree(bo);
		return ERR_PTR(-ENOMEM);
	}
	drm_gem_private_object_init(&edu->drm, &bo->base, size);
	edu_bo_add(edu, bo);
	return bo;
}

int edu_bo_map(struct edu_bo *bo)
{
	return bo->attachment ? edu_import_map(bo) : 0;
}

size_t edu_bo_find(struct edu_bo *bo, u64 offset, dma_addr_t *address)
{
	if (bo->attachment)
		return edu_import_find(bo, offset, address);
	*address = bo->address + offset;
	return bo->base.size - offset;
}
