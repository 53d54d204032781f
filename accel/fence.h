/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fences that the device signals
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDU_FENCE_H
#define EDU_FENCE_H

#include <linux/types.h>

struct dma_fence;
struct edu_device;

/* With one reference, the caller's; NULL without memory */
struct dma_fence *edu_fence_create(struct edu_device *edu);

/* Of all devices together, since the module was loaded */
s64 edu_fences_created(void);
s64 edu_fences_freed(void);

#endif /* EDU_FENCE_H */
