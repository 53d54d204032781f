/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers, the driver's own and those of others
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDU_BO_H
#define EDU_BO_H

#include <linux/list.h>
#include <linux/types.h>

#include <drm/drm_gem.h>

struct dma_buf_attachment;
struct edu_device;
struct sg_table;

/**
 * struct edu_bo - a buffer
 * @base: what handles are of
 * @link: in the device's list, while the buffer has anything of the device's
 * @generation: another one: what was known of its addresses no longer holds.
 *   Changes with both the reservation lock and the engine's lock held; for good
 *   with @link empty
 * @writable: the device may write to it
 * @memory: its memory, of one's own
 * @address: of @memory, for the device
 * @attachment: to a DMABUF of somebody else; NULL for one's own
 * @sgt: the mapping of that, if there is one; under the reservation lock
 */
struct edu_bo {
	struct drm_gem_object base;
	struct list_head link;
	unsigned long generation;
	bool writable;
	void *memory;
	dma_addr_t address;
	struct dma_buf_attachment *attachment;
	struct sg_table *sgt;
};

static inline struct edu_bo *to_edu_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct edu_bo, base);
}

/* One's own, of whole pages of zeroes */
struct edu_bo *edu_bo_create(struct edu_device *edu, size_t size);

/* One that has nothing yet, not even a size */
struct edu_bo *edu_bo_alloc(void);

/*
 * From here on edu_bo_take_all() knows it. Its size is set, and it has what is
 * the device's.
 */
void edu_bo_add(struct edu_device *edu, struct edu_bo *bo);

/*
 * With the reservation lock held, which also keeps what it finds for as long as
 * @generation stays: a mapping, made if there is none
 */
int edu_bo_map(struct edu_bo *bo);

/*
 * What is at @offset, below the size, of a mapped buffer. Return: how many bytes
 * from there on are one piece, 0 if the mapping is shorter than the buffer
 */
size_t edu_bo_find(struct edu_bo *bo, u64 offset, dma_addr_t *address);

/* All that is the device's goes back: the driver lets go of it. */
void edu_bo_take_all(struct edu_device *edu);

#endif /* EDU_BO_H */
