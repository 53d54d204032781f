// SPDX-License-Identifier: GPL-2.0-only
/*
 * A job is run, or cannot be
 *
 * Copyright (C) 2026 The barlease authors
 *
 * What the scheduler is owed is in docs/accel.md. A second module, for one test,
 * is built from this file with the three mistakes in it that a driver of the
 * kernel once made here.
 */
#include <linux/dma-fence.h>
#include <linux/err.h>
#include <linux/kmemleak.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>

#include <drm/drm_drv.h>

#include "device.h"
#include "fence.h"
#include "job.h"
#include "pm.h"

#define KEEPS_FENCE	BIT(0)
#define KEEPS_POWER	BIT(1)
#define RETURNS_FENCE	BIT(2)

#ifdef EDU_ACCEL_MISTAKES
static unsigned int mistakes = KEEPS_FENCE | KEEPS_POWER | RETURNS_FENCE;
module_param(mistakes, uint, 0600);
MODULE_PARM_DESC(mistakes, "1 keeps fences, 2 keeps power, 4 returns a fence after an error");
#else
#define mistakes 0
#endif

/* The device is on and counted as in use, or neither */
static int power_on(struct edu_device *edu)
{
	struct device *dev = edu->drm.dev;
	int ret;

	if (mistakes & KEEPS_POWER)
		ret = pm_runtime_get_sync(dev);
	else
		ret = pm_runtime_resume_and_get(dev);
	if (ret < 0)
		edu_pm_forget_error(edu);
	return ret;
}

static void power_off(struct edu_device *edu)
{
	if (!(mistakes & KEEPS_POWER))
		pm_runtime_put(edu->drm.dev);
}

/*
 * Nobody will signal the fence: there is to be nobody who has it. The job's
 * reference goes, the caller's goes, and the scheduler gets the error.
 */
static struct dma_fence *not_run(struct edu_job *job, struct dma_fence *fence,
				 int error)
{
	if (!(mistakes & KEEPS_FENCE)) {
		dma_fence_put(job->done_fence);
		job->done_fence = NULL;
	} else {
		/* The test looks for it; kmemleak is to find what nobody knows of */
		kmemleak_ignore(fence);
	}
	if (mistakes & RETURNS_FENCE)
		return fence;
	if (!(mistakes & KEEPS_FENCE))
		dma_fence_put(fence);
	return ERR_PTR(error);
}

static struct dma_fence *run(struct edu_device *edu, struct edu_job *job)
{
	struct dma_fence *fence;
	int ret;

	fence = edu_fence_create(edu);
	if (!fence)
		return ERR_PTR(-ENOMEM);
	job->done_fence = dma_fence_get(fence);

	ret = power_on(edu);
	if (ret < 0)
		return not_run(job, fence, ret);

	ret = edu_dma_claim(edu, job);
	if (ret < 0) {
		power_off(edu);
		return not_run(job, fence, ret);
	}

	edu_dma_start(edu, job);
	return fence;
}

struct dma_fence *edu_job_run(struct drm_sched_job *sched_job)
{
	struct edu_job *job = to_edu_job(sched_job);
	struct dma_fence *fence;
	int token;

	if (!drm_dev_enter(&job->edu->drm, &token))
		return ERR_PTR(-ENODEV);
	fence = run(job->edu, job);
	drm_dev_exit(token);
	return fence;
}
