/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMABUFs of others
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDU_IMPORT_H
#define EDU_IMPORT_H

#include <linux/types.h>

struct dma_buf;
struct drm_device;
struct drm_gem_object;
struct edu_bo;

struct drm_gem_object *edu_import(struct drm_device *drm,
				  struct dma_buf *dmabuf);

/* See edu_bo_map() and edu_bo_find() */
int edu_import_map(struct edu_bo *bo);
size_t edu_import_find(struct edu_bo *bo, u64 offset, dma_addr_t *address);

/* The reverse of edu_import(), but for the object */
void edu_import_detach(struct edu_bo *bo);

#endif /* EDU_IMPORT_H */
