/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device's DMA engine
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDU_DMA_H
#define EDU_DMA_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct edu_bo;
struct edu_device;
struct edu_job;

/**
 * struct edu_dma - the engine, which has one job at a time
 * @running: the job that it has
 * @resetting: somebody ends @running by a reset; interrupts mean nothing
 * @lock: for both, and for the state of buffers in edu_dma_forget()
 * @idle: @running is another one, or none
 * @reset_lock: one reset at a time
 */
struct edu_dma {
	struct edu_job *running;
	bool resetting;
	spinlock_t lock; /* of running, resetting */
	wait_queue_head_t idle;
	struct mutex reset_lock; /* of resetting, while it is set */
};

void edu_dma_init(struct edu_device *edu);
/* An interrupt handler may be installed, and jobs run, from here on */
int edu_dma_irq_request(struct edu_device *edu);
void edu_dma_irq_free(struct edu_device *edu);

/* Is the device there? It must be powered */
bool edu_dma_answers(struct edu_device *edu);

/*
 * The engine is the job's; -ENODEV if one of its buffers was taken away. The
 * engine then ends it, whatever comes, with edu_job_done().
 */
int edu_dma_claim(struct edu_device *edu, struct edu_job *job);
void edu_dma_start(struct edu_device *edu, struct edu_job *job);

/*
 * End @job, NULL for whatever runs, with @error, if it runs: when this returns,
 * the device reaches no memory for it, and takes the next job. May sleep.
 */
void edu_dma_reset(struct edu_device *edu, const struct edu_job *job,
		   int error);

/*
 * No DMA to or from this buffer by what was queued so far: what runs ends after
 * the piece that it is at, or by a reset. May sleep, for a bounded time.
 */
void edu_dma_forget(struct edu_device *edu, struct edu_bo *bo);

#endif /* EDU_DMA_H */
