// SPDX-License-Identifier: GPL-2.0-only
/*
 * edu-accel: a DRM accel driver for QEMU's edu device
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The reference importer of leases, and a test bench for the submission of jobs:
 * all that such a driver has, and nothing besides.
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_managed.h>
#include <drm/edu_accel.h>

#include "bo.h"
#include "device.h"
#include "dma.h"
#include "import.h"
#include "inject.h"
#include "job.h"
#include "pm.h"
#include "submit.h"

static int file_open(struct drm_device *drm, struct drm_file *drm_file)
{
	struct drm_gpu_scheduler *sched = &to_edu(drm)->sched;
	struct edu_file *file = kzalloc(sizeof(*file), GFP_KERNEL);
	int ret;

	if (!file)
		return -ENOMEM;
	ret = drm_sched_entity_init(&file->entity, DRM_SCHED_PRIORITY_NORMAL,
				    &sched, 1, NULL);
	if (ret) {
		kfree(file);
		return ret;
	}
	mutex_init(&file->submit_lock);
	refcount_set(&file->jobs, 1);
	init_completion(&file->no_jobs);
	drm_file->driver_priv = file;
	return 0;
}

/*
 * What waits is dropped. A job that runs takes its time, or runs into its
 * time-out, and must find its context and the scheduler.
 */
static void file_close(struct drm_device *drm, struct drm_file *drm_file)
{
	struct edu_file *file = drm_file->driver_priv;

	drm_sched_entity_destroy(&file->entity);
	if (!refcount_dec_and_test(&file->jobs))
		wait_for_completion(&file->no_jobs);
	mutex_destroy(&file->submit_lock);
	kfree(file);
}

static int ioctl_bo_create(struct drm_device *drm, void *data,
			   struct drm_file *file)
{
	struct drm_edu_accel_bo_create *args = data;
	struct edu_bo *bo;
	int ret, token;

	if (!args->size || args->size > EDU_ACCEL_BO_MAX_SIZE || args->pad)
		return -EINVAL;

	if (!drm_dev_enter(drm, &token))
		return -ENODEV;
	bo = edu_bo_create(to_edu(drm), args->size);
	drm_dev_exit(token);
	if (IS_ERR(bo))
		return PTR_ERR(bo);

	ret = drm_gem_create_mmap_offset(&bo->base);
	if (!ret)
		ret = drm_gem_handle_create(file, &bo->base, &args->handle);
	args->size = bo->base.size;
	args->offset = drm_vma_node_offset_addr(&bo->base.vma_node);
	/* The handle has a reference */
	drm_gem_object_put(&bo->base);
	return ret;
}

static struct drm_gem_object *prime_import(struct drm_device *drm,
					   struct dma_buf *dmabuf)
{
	struct drm_gem_object *obj;
	int token;

	if (!drm_dev_enter(drm, &token))
		return ERR_PTR(-ENODEV);
	obj = edu_import(drm, dmabuf);
	drm_dev_exit(token);
	return obj;
}

static const struct drm_ioctl_desc ioctls[] = {
	DRM_IOCTL_DEF_DRV(EDU_ACCEL_BO_CREATE, ioctl_bo_create, 0),
	DRM_IOCTL_DEF_DRV(EDU_ACCEL_SUBMIT, edu_ioctl_submit, 0),
};

DEFINE_DRM_ACCEL_FOPS(fops);

static const struct drm_driver drm_driver = {
	.driver_features = DRIVER_COMPUTE_ACCEL | DRIVER_GEM | DRIVER_SYNCOBJ,
	.open = file_open,
	.postclose = file_close,
	.gem_prime_import = prime_import,
	.ioctls = ioctls,
	.num_ioctls = ARRAY_SIZE(ioctls),
	.fops = &fops,
	.name = EDU_NAME,
	.desc = "DMA engine of QEMU's edu device",
	.major = 1,
};

static int set_up_bus(struct edu_device *edu)
{
	struct pci_dev *pdev = edu_pdev(edu);
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	edu->regs = pcim_iomap_region(pdev, 0, EDU_NAME);
	if (IS_ERR(edu->regs))
		return PTR_ERR(edu->regs);
	if (!edu_dma_answers(edu))
		return dev_err_probe(&pdev->dev, -ENODEV, "no edu\n");

	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (ret)
		return ret;
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	pci_set_master(pdev);
	return 0;
}

static int set_up(struct edu_device *edu)
{
	int ret;

	INIT_LIST_HEAD(&edu->bos);
	ret = drmm_mutex_init(&edu->drm, &edu->bos_lock);
	if (ret)
		return ret;
	edu->fence_context = dma_fence_context_alloc(1);
	edu_dma_init(edu);
	ret = set_up_bus(edu);
	if (ret)
		return ret;
	ret = edu_sched_init(edu);
	if (ret)
		return ret;
	edu_inject_init(edu);
	return edu_dma_irq_request(edu);
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu_device *edu;
	int ret;

	edu = devm_drm_dev_alloc(&pdev->dev, &drm_driver, struct edu_device,
				 drm);
	if (IS_ERR(edu))
		return PTR_ERR(edu);
	pci_set_drvdata(pdev, edu);

	ret = set_up(edu);
	if (ret)
		return ret;
	ret = drm_dev_register(&edu->drm, 0);
	if (ret) {
		edu_dma_irq_free(edu);
		return ret;
	}
	edu_pm_init(edu);
	return 0;
}

/*
 * Files may stay open, with buffers and jobs. No call comes from them once the
 * device is unplugged, and no job is begun.
 */
static void edu_remove(struct pci_dev *pdev)
{
	struct edu_device *edu = pci_get_drvdata(pdev);

	drm_dev_unplug(&edu->drm);
	edu_dma_reset(edu, NULL, -ENODEV);
	edu_pm_fini(edu);
	edu_dma_irq_free(edu);
	edu_bo_take_all(edu);
	pci_clear_master(pdev);
}

/*
 * No module alias comes of it: where there is an edu it is mostly for somebody
 * else. The build with the mistakes even has to be asked for by name.
 */
static const struct pci_device_id ids[] = {
#ifndef EDU_ACCEL_MISTAKES
	{ PCI_DEVICE(0x1234, 0x11e8) },
#endif
	{}
};

static struct pci_driver pci_driver = {
	.name = EDU_NAME,
	.id_table = ids,
	.probe = edu_probe,
	.remove = edu_remove,
	.driver.pm = pm_ptr(&edu_pm_ops),
};
module_pci_driver(pci_driver);

MODULE_AUTHOR("The barlease authors");
MODULE_DESCRIPTION("DRM accel driver for QEMU's edu device");
MODULE_LICENSE("GPL");
