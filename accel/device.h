/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One edu device, and who has it open
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDU_DEVICE_H
#define EDU_DEVICE_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include <drm/drm_device.h>
#include <drm/gpu_scheduler.h>

#include "dma.h"
#include "inject.h"

#ifdef EDU_ACCEL_MISTAKES
#define EDU_NAME "edu-accel-mistakes"
#else
#define EDU_NAME "edu-accel"
#endif

/* Bits of address that the device has */
#define EDU_DMA_BITS 28

/**
 * struct edu_device - one edu device
 * @drm: what /dev/accel/accelN is
 * @regs: BAR 0, while the driver is bound
 * @sched: one job at a time
 * @fence_context: of the fences that the device signals
 * @fence_seqno: of the last one; jobs are run one after the other
 * @dma: the engine
 * @inject: what is to fail
 * @bos: buffers that hold anything of the device's
 * @bos_lock: for @bos
 */
struct edu_device {
	struct drm_device drm;
	void __iomem *regs;
	struct drm_gpu_scheduler sched;
	u64 fence_context;
	u64 fence_seqno;
	struct edu_dma dma;
	struct edu_inject inject;
	struct list_head bos;
	struct mutex bos_lock; /* of bos */
};

static inline struct edu_device *to_edu(struct drm_device *drm)
{
	return container_of(drm, struct edu_device, drm);
}

static inline struct pci_dev *edu_pdev(struct edu_device *edu)
{
	return to_pci_dev(edu->drm.dev);
}

/**
 * struct edu_file - a context: one open file
 * @entity: its queue of jobs
 * @submit_lock: fences of an entity are to be queued in their order
 * @jobs: how many there are, and one more while the file is open
 * @no_jobs: @jobs is 0
 */
struct edu_file {
	struct drm_sched_entity entity;
	struct mutex submit_lock; /* of what is queued next */
	refcount_t jobs;
	struct completion no_jobs;
};

#endif /* EDU_DEVICE_H */
