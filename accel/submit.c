// SPDX-License-Identifier: GPL-2.0-only
/*
 * The call that queues a job
 *
 * Copyright (C) 2026 The barlease authors
 *
 * QEMU gives up the machine when it is told to copy outside of the device's
 * memory, so nothing that was not looked at gets there.
 */
#include <linux/bitmap.h>
#include <linux/dma-resv.h>
#include <linux/uaccess.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_syncobj.h>

#include "bo.h"
#include "device.h"
#include "job.h"
#include "submit.h"

/**
 * struct submission - a job in the making
 * @job: the job
 * @file: whose handles are meant
 * @written: the bytes of the device's memory that the job has written so far
 */
struct submission {
	struct edu_job *job;
	struct drm_file *file;
	DECLARE_BITMAP(written, EDU_ACCEL_DEVICE_SIZE);
};

/* Contexts share the device's memory, and are not to see what others left. */
static int check_device_part(struct submission *sub,
			     const struct drm_edu_accel_copy *copy)
{
	u32 end;

	if (!copy->size || copy->size > EDU_ACCEL_DEVICE_SIZE ||
	    copy->device_offset > EDU_ACCEL_DEVICE_SIZE - copy->size)
		return -EINVAL;

	end = copy->device_offset + copy->size;
	switch (copy->direction) {
	case EDU_ACCEL_TO_DEVICE:
		bitmap_set(sub->written, copy->device_offset, copy->size);
		return 0;
	case EDU_ACCEL_FROM_DEVICE:
		if (find_next_zero_bit(sub->written, end,
				       copy->device_offset) < end)
			return -EINVAL;
		return 0;
	default:
		return -EINVAL;
	}
}

static int check_bo_part(const struct edu_bo *bo,
			 const struct drm_edu_accel_copy *copy)
{
	if (copy->offset > bo->base.size ||
	    copy->size > bo->base.size - copy->offset)
		return -EINVAL;
	if (copy->direction == EDU_ACCEL_FROM_DEVICE && !bo->writable)
		return -EACCES;
	return 0;
}

/* With the buffer mapped, and its reservation lock held */
static int add_pieces(struct edu_job *job, struct edu_bo *bo,
		      const struct drm_edu_accel_copy *copy)
{
	u32 size, done;

	for (done = 0; done < copy->size; done += size) {
		struct edu_piece *piece = &job->pieces[job->nr_pieces];
		dma_addr_t address;

		if (job->nr_pieces == EDU_MAX_PIECES)
			return -E2BIG;
		size = min_t(size_t, copy->size - done,
			     edu_bo_find(bo, copy->offset + done, &address));
		if (!size)
			return -EINVAL;
		piece->address = address;
		piece->device_offset = copy->device_offset + done;
		piece->size = size;
		piece->to_device = copy->direction == EDU_ACCEL_TO_DEVICE;
		job->nr_pieces++;
	}
	return 0;
}

static int map_and_add_pieces(struct edu_job *job, struct edu_job_bo *entry,
			      const struct drm_edu_accel_copy *copy)
{
	struct edu_bo *bo = entry->bo;
	int ret;

	ret = dma_resv_lock_interruptible(bo->base.resv, NULL);
	if (ret)
		return ret;
	ret = edu_bo_map(bo);
	if (!ret) {
		entry->generation = bo->generation;
		ret = add_pieces(job, bo, copy);
	}
	dma_resv_unlock(bo->base.resv);
	return ret;
}

static int add_copy(struct submission *sub,
		    const struct drm_edu_accel_copy *copy)
{
	struct edu_job *job = sub->job;
	struct edu_job_bo *entry = &job->bos[job->nr_bos];
	struct drm_gem_object *obj;
	int ret;

	ret = check_device_part(sub, copy);
	if (ret)
		return ret;

	obj = drm_gem_object_lookup(sub->file, copy->handle);
	if (!obj)
		return -ENOENT;
	entry->bo = to_edu_bo(obj);
	job->nr_bos++;

	ret = check_bo_part(entry->bo, copy);
	return ret ?: map_and_add_pieces(job, entry, copy);
}

static int add_copies(struct submission *sub,
		      const struct drm_edu_accel_submit *args)
{
	struct drm_edu_accel_copy copies[EDU_ACCEL_MAX_COPIES];
	u32 i;
	int ret = 0;

	if (copy_from_user(copies, u64_to_user_ptr(args->copies),
			   args->nr_copies * sizeof(*copies)))
		return -EFAULT;
	for (i = 0; i < args->nr_copies && !ret; i++)
		ret = add_copy(sub, &copies[i]);
	return ret;
}

static int add_in_syncs(struct submission *sub,
			const struct drm_edu_accel_submit *args)
{
	u32 handles[EDU_ACCEL_MAX_SYNCS];
	u32 i;
	int ret = 0;

	if (copy_from_user(handles, u64_to_user_ptr(args->in_syncs),
			   args->nr_in_syncs * sizeof(*handles)))
		return -EFAULT;
	for (i = 0; i < args->nr_in_syncs && !ret; i++)
		ret = drm_sched_job_add_syncobj_dependency(&sub->job->base,
							   sub->file,
							   handles[i], 0);
	return ret;
}

/* From here on the job is the scheduler's. */
static void push(struct edu_job *job, struct drm_syncobj *out)
{
	guard(mutex)(&job->file->submit_lock);
	drm_sched_job_arm(&job->base);
	if (out)
		drm_syncobj_replace_fence(out, &job->base.s_fence->finished);
	drm_sched_entity_push_job(&job->base);
}

static int fill_and_push(struct submission *sub,
			 const struct drm_edu_accel_submit *args)
{
	struct drm_syncobj *out = NULL;
	int ret;

	ret = add_copies(sub, args) ?: add_in_syncs(sub, args);
	if (ret)
		return ret;

	if (args->out_sync) {
		out = drm_syncobj_find(sub->file, args->out_sync);
		if (!out)
			return -ENOENT;
	}
	push(sub->job, out);
	if (out)
		drm_syncobj_put(out);
	return 0;
}

static int submit(struct edu_device *edu, struct drm_file *file,
		  const struct drm_edu_accel_submit *args)
{
	struct submission sub = { .file = file };
	int ret;

	if (!args->nr_copies || args->nr_copies > EDU_ACCEL_MAX_COPIES ||
	    args->nr_in_syncs > EDU_ACCEL_MAX_SYNCS || args->pad)
		return -EINVAL;

	sub.job = edu_job_create(edu, file);
	if (IS_ERR(sub.job))
		return PTR_ERR(sub.job);
	ret = fill_and_push(&sub, args);
	if (ret)
		edu_job_cancel(sub.job);
	return ret;
}

int edu_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	int ret, token;

	if (!drm_dev_enter(drm, &token))
		return -ENODEV;
	ret = submit(to_edu(drm), file, data);
	drm_dev_exit(token);
	return ret;
}
