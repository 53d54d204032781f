// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs, from their making to their end
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/dma-fence.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <drm/drm_file.h>
#include <drm/drm_managed.h>

#include "bo.h"
#include "compat.h"
#include "device.h"
#include "job.h"
#include "pm.h"

/* A job has 32 pieces at most, and mostly two, of a tenth of a second each. */
static unsigned int timeout_ms = 10000;
module_param(timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms, "The device is reset when a job takes longer; of devices bound from then on");

static void release(struct edu_job *job)
{
	unsigned int i;

	for (i = 0; i < job->nr_bos; i++)
		drm_gem_object_put(&job->bos[i].bo->base);
	if (refcount_dec_and_test(&job->file->jobs))
		complete(&job->file->no_jobs);
	kfree(job);
}

struct edu_job *edu_job_create(struct edu_device *edu,
			       struct drm_file *drm_file)
{
	struct edu_file *file = drm_file->driver_priv;
	struct edu_job *job;
	int ret;

	job = kzalloc(sizeof(*job), GFP_KERNEL_ACCOUNT);
	if (!job)
		return ERR_PTR(-ENOMEM);
	ret = drm_sched_job_init(&job->base, &file->entity, 1, NULL,
				 drm_file->client_id);
	if (ret) {
		kfree(job);
		return ERR_PTR(ret);
	}
	job->edu = edu;
	job->file = file;
	refcount_inc(&file->jobs);
	return job;
}

void edu_job_cancel(struct edu_job *job)
{
	drm_sched_job_cleanup(&job->base);
	release(job);
}

bool edu_job_has_its_bos(const struct edu_job *job)
{
	unsigned int i;

	for (i = 0; i < job->nr_bos; i++)
		if (job->bos[i].generation != job->bos[i].bo->generation)
			return false;
	return true;
}

bool edu_job_uses(const struct edu_job *job, const struct edu_bo *bo)
{
	unsigned int i;

	for (i = 0; i < job->nr_bos; i++)
		if (job->bos[i].bo == bo)
			return true;
	return false;
}

/* As soon as the fence is signalled the job may be gone. */
void edu_job_done(struct edu_job *job, int error)
{
	struct dma_fence *fence = job->done_fence;

	job->done_fence = NULL;
	edu_pm_put(job->edu);
	if (error)
		dma_fence_set_error(fence, error);
	dma_fence_signal(fence);
	dma_fence_put(fence);
}

static void job_free(struct drm_sched_job *sched_job)
{
	drm_sched_job_cleanup(sched_job);
	release(to_edu_job(sched_job));
}

/*
 * The job's fence is signalled first, with what went wrong: a job whose fence is
 * not the scheduler calls cancelled. Nothing new begins meanwhile.
 */
static enum drm_gpu_sched_stat job_timedout(struct drm_sched_job *sched_job)
{
	struct edu_job *job = to_edu_job(sched_job);
	struct drm_gpu_scheduler *sched = &job->edu->sched;

	drm_sched_wqueue_stop(sched);
	edu_dma_reset(job->edu, job, -ETIMEDOUT);
	drm_sched_stop(sched, sched_job);
	edu_compat_sched_start(sched);
	return DRM_GPU_SCHED_STAT_RESET;
}

static const struct drm_sched_backend_ops sched_ops = {
	.run_job = edu_job_run,
	.timedout_job = job_timedout,
	.free_job = job_free,
};

static void sched_fini(struct drm_device *drm, void *sched)
{
	drm_sched_fini(sched);
}

int edu_sched_init(struct edu_device *edu)
{
	const struct drm_sched_init_args args = {
		.ops = &sched_ops,
		.num_rqs = DRM_SCHED_PRIORITY_COUNT,
		.credit_limit = 1,
		.timeout = msecs_to_jiffies(timeout_ms),
		.name = EDU_NAME,
		.dev = edu->drm.dev,
	};
	int ret = drm_sched_init(&edu->sched, &args);

	if (ret)
		return ret;
	/* Files have queues in it, and outlast the driver's hold on the device */
	return drmm_add_action_or_reset(&edu->drm, sched_fini, &edu->sched);
}
