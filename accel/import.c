// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMABUFs of others
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The attachment is dynamic, and copes with memory that has no struct page. It
 * is mapped when a job first needs it, and stays so until the exporter says that
 * the mapping is no longer good. That call does all that an exporter may wait
 * for: it comes back when the device reaches nothing of the buffer any more, and
 * the mapping is gone. So no fences are left with the exporter, where those of
 * jobs that wait for something else would be in its way.
 *
 * What was queued by then fails. A job that comes later maps the buffer again,
 * if the exporter lets it.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "bo.h"
#include "compat.h"
#include "device.h"
#include "import.h"

EDU_IMPORT_NS("DMA_BUF");

/* Who may not write does not map for it either. */
static enum dma_data_direction direction(const struct edu_bo *bo)
{
	return bo->writable ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
}

/*
 * The bus addresses of a peer are what they are, whatever mask a device has, and
 * edu would cut off what is too much.
 */
static bool within_reach(struct sg_table *sgt)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(sgt, sg, i)
		if (!sg_dma_len(sg) ||
		    sg_dma_address(sg) + sg_dma_len(sg) - 1 >
			    DMA_BIT_MASK(EDU_DMA_BITS))
			return false;
	return true;
}

int edu_import_map(struct edu_bo *bo)
{
	struct sg_table *sgt;

	dma_resv_assert_held(bo->base.resv);
	if (bo->sgt)
		return 0;

	sgt = dma_buf_map_attachment(bo->attachment, direction(bo));
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	if (!within_reach(sgt)) {
		dma_buf_unmap_attachment(bo->attachment, sgt, direction(bo));
		return -ERANGE;
	}
	bo->sgt = sgt;
	return 0;
}

size_t edu_import_find(struct edu_bo *bo, u64 offset, dma_addr_t *address)
{
	struct scatterlist *sg;
	int i;

	dma_resv_assert_held(bo->base.resv);
	for_each_sgtable_dma_sg(bo->sgt, sg, i) {
		if (offset < sg_dma_len(sg)) {
			*address = sg_dma_address(sg) + offset;
			return sg_dma_len(sg) - offset;
		}
		offset -= sg_dma_len(sg);
	}
	return 0;
}

static void unmap(struct edu_bo *bo)
{
	dma_resv_assert_held(bo->base.resv);
	edu_dma_forget(to_edu(bo->base.dev), bo);
	if (bo->sgt)
		dma_buf_unmap_attachment(bo->attachment, bo->sgt,
					 direction(bo));
	bo->sgt = NULL;
}

/* With the exporter's reservation lock held, which is the buffer's */
static void invalidate(struct dma_buf_attachment *attachment)
{
	unmap(attachment->importer_priv);
}

static const struct dma_buf_attach_ops attach_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = invalidate,
};

static int attach(struct edu_device *edu, struct edu_bo *bo,
		  struct dma_buf *dmabuf)
{
	struct dma_buf_attachment *attachment;

	attachment = dma_buf_dynamic_attach(dmabuf, edu->drm.dev, &attach_ops,
					    bo);
	if (IS_ERR(attachment))
		return PTR_ERR(attachment);

	get_dma_buf(dmabuf);
	bo->attachment = attachment;
	return 0;
}

void edu_import_detach(struct edu_bo *bo)
{
	struct dma_buf_attachment *attachment = bo->attachment;
	struct dma_buf *dmabuf = attachment->dmabuf;

	dma_resv_lock(dmabuf->resv, NULL);
	unmap(bo);
	dma_resv_unlock(dmabuf->resv);
	dma_buf_detach(dmabuf, attachment);
	dma_buf_put(dmabuf);
}

struct drm_gem_object *edu_import(struct drm_device *drm,
				  struct dma_buf *dmabuf)
{
	struct edu_device *edu = to_edu(drm);
	struct edu_bo *bo;
	int ret;

	if (!dmabuf->size || !PAGE_ALIGNED(dmabuf->size))
		return ERR_PTR(-EINVAL);

	bo = edu_bo_alloc();
	if (!bo)
		return ERR_PTR(-ENOMEM);

	/* Before it can be invalidated: what its lock is, and its device */
	bo->base.resv = dmabuf->resv;
	bo->writable = !!(dmabuf->file->f_mode & FMODE_WRITE);
	drm_gem_private_object_init(drm, &bo->base, dmabuf->size);
	ret = attach(edu, bo, dmabuf);
	if (ret) {
		drm_gem_private_object_fini(&bo->base);
		kfree(bo);
		return ERR_PTR(ret);
	}
	edu_bo_add(edu, bo);
	return &bo->base;
}
