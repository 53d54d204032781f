/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels 6.12 and 7.3
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The driver's own files are written for the newest kernel; this header gives
 * older ones what they lack, under the newest kernel's names. Kbuild looks into
 * the kernel's headers and defines EDU_HAVE_*.
 */
#ifndef EDU_COMPAT_H
#define EDU_COMPAT_H

#include <linux/dma-buf.h>
#include <linux/module.h>

#include <drm/gpu_scheduler.h>

/* MODULE_IMPORT_NS(), in the one form that every kernel takes */
#define EDU_IMPORT_NS(name) MODULE_INFO(import_ns, name)

#ifndef EDU_HAVE_INVALIDATE_MAPPINGS
#define invalidate_mappings move_notify
#endif

/* The status came in one release with the errno for jobs that had no fence */
#ifdef EDU_HAVE_SCHED_STAT_RESET
static inline void edu_compat_sched_start(struct drm_gpu_scheduler *sched)
{
	drm_sched_start(sched, 0);
}
#else
#define DRM_GPU_SCHED_STAT_RESET DRM_GPU_SCHED_STAT_NOMINAL

static inline void edu_compat_sched_start(struct drm_gpu_scheduler *sched)
{
	drm_sched_start(sched);
}
#endif

#endif /* EDU_COMPAT_H */
