// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fences that the device signals
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The scheduler's own fence, which userspace has, keeps the device's for as long
 * as it lives, and that may be longer than the device is there: so a fence has a
 * reference to this module, and the counts belong to no device.
 */
#include <linux/atomic.h>
#include <linux/dma-fence.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "device.h"
#include "fence.h"

struct edu_fence {
	struct dma_fence base;
	spinlock_t lock; /* what dma_fence wants */
};

static atomic64_t created, freed;

static const char *fence_name(struct dma_fence *fence)
{
	return EDU_NAME;
}

static void fence_release(struct dma_fence *fence)
{
	/* base is first: what is freed is the whole */
	static_assert(!offsetof(struct edu_fence, base));

	dma_fence_free(fence);
	atomic64_inc(&freed);
	module_put(THIS_MODULE);
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
	.release = fence_release,
};

struct dma_fence *edu_fence_create(struct edu_device *edu)
{
	struct edu_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);

	if (!fence)
		return NULL;

	__module_get(THIS_MODULE);
	atomic64_inc(&created);
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &fence_ops, &fence->lock,
		       edu->fence_context, ++edu->fence_seqno);
	return &fence->base;
}

s64 edu_fences_created(void)
{
	return atomic64_read(&created);
}

s64 edu_fences_freed(void)
{
	return atomic64_read(&freed);
}
