/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Jobs
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EDU_JOB_H
#define EDU_JOB_H

#include <linux/types.h>

#include <drm/edu_accel.h>
#include <drm/gpu_scheduler.h>

struct drm_file;
struct edu_bo;
struct edu_device;
struct edu_file;

/* Twice what copies of buffers of pages can come to */
#define EDU_MAX_PIECES	(4 * EDU_ACCEL_MAX_COPIES)

/**
 * struct edu_piece - what the engine moves at once
 * @address: of memory, for the device
 * @device_offset: into the device's memory
 * @size: bytes
 * @to_device: and not from it
 */
struct edu_piece {
	u32 address;
	u32 device_offset;
	u32 size;
	bool to_device;
};

/**
 * struct edu_job_bo - a buffer that a job has a reference to
 * @bo: the buffer
 * @generation: what it had when the job learned of its addresses
 */
struct edu_job_bo {
	struct edu_bo *bo;
	unsigned long generation;
};

/**
 * struct edu_job - a job
 * @base: what the scheduler has
 * @edu: the device
 * @file: the context, which is there for as long as its jobs
 * @done_fence: what tells the scheduler that the job is done: a reference from
 *   when the job is run until somebody signals it, else NULL
 * @done: how many of @pieces are
 * @nr_pieces: of @pieces
 * @nr_bos: of @bos
 * @bos: one for each copy
 * @pieces: all copies, in their order
 */
struct edu_job {
	struct drm_sched_job base;
	struct edu_device *edu;
	struct edu_file *file;
	struct dma_fence *done_fence;
	unsigned int done;
	unsigned int nr_pieces;
	unsigned int nr_bos;
	struct edu_job_bo bos[EDU_ACCEL_MAX_COPIES];
	struct edu_piece pieces[EDU_MAX_PIECES];
};

static inline struct edu_job *to_edu_job(struct drm_sched_job *sched_job)
{
	return container_of(sched_job, struct edu_job, base);
}

int edu_sched_init(struct edu_device *edu);

struct edu_job *edu_job_create(struct edu_device *edu, struct drm_file *file);
/* One that was not queued */
void edu_job_cancel(struct edu_job *job);

/* The scheduler's call */
struct dma_fence *edu_job_run(struct drm_sched_job *sched_job);
/* It was run, and has ended; from any context */
void edu_job_done(struct edu_job *job, int error);

/* Both with the engine's lock held */
bool edu_job_has_its_bos(const struct edu_job *job);
bool edu_job_uses(const struct edu_job *job, const struct edu_bo *bo);

#endif /* EDU_JOB_H */
