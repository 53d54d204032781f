// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device: vfio-pci's, and what leases add to it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/iommufd.h>
#include <linux/slab.h>

#include "bar-memattr.h"
#include "compat.h"
#include "device.h"
#include "error.h"
#include "feature.h"
#include "importer.h"
#include "mmap.h"
#include "params.h"
#include "revoke.h"
#include "space.h"
#include "stand-in.h"
#include "stats.h"
#include "withdraw.h"

static int init_device(struct vfio_device *vfio)
{
	struct barlease_device *bdev = barlease_from_vfio(vfio);
	int ret;

	ret = vfio_pci_core_init_dev(vfio);
	if (ret)
		return ret;

	barlease_params_latch(&bdev->core);

	INIT_LIST_HEAD(&bdev->buffers);
	mutex_init(&bdev->buffers_lock);
	mutex_init(&bdev->error_lock);
	init_waitqueue_head(&bdev->recovery_wait);
	init_waitqueue_head(&bdev->reset_wait);
	init_waitqueue_head(&bdev->revoke_wait);
	barlease_importers_init(bdev);
	barlease_bar_memattr_init(bdev);

	ret = barlease_stats_init(bdev);
	if (ret)
		goto err_core;

	ret = init_srcu_struct(&bdev->reset_srcu);
	if (ret)
		goto err_stats;

	ret = barlease_space_init(bdev);
	if (ret)
		goto err_srcu;

	return 0;

err_srcu:
	cleanup_srcu_struct(&bdev->reset_srcu);
err_stats:
	barlease_stats_destroy(bdev);
err_core:
	barlease_bar_memattr_destroy(bdev);
	barlease_importers_destroy(bdev);
	mutex_destroy(&bdev->buffers_lock);
	mutex_destroy(&bdev->error_lock);
	vfio_pci_core_release_dev(vfio);
	return ret;
}

static void release_device(struct vfio_device *vfio)
{
	struct barlease_device *bdev = barlease_from_vfio(vfio);

	kfree(bdev->config);
	barlease_space_destroy(bdev);
	cleanup_srcu_struct(&bdev->reset_srcu);
	barlease_stats_destroy(bdev);
	barlease_bar_memattr_destroy(bdev);
	barlease_importers_destroy(bdev);
	mutex_destroy(&bdev->buffers_lock);
	mutex_destroy(&bdev->error_lock);
	vfio_pci_core_release_dev(vfio);
}

static int open_device(struct vfio_device *vfio)
{
	struct barlease_device *bdev = barlease_from_vfio(vfio);
	int ret;

	ret = barlease_error_before_open(bdev);
	if (ret)
		return ret;

	ret = vfio_pci_core_enable(&bdev->core);
	if (ret)
		return ret;

	barlease_error_opened(bdev);
	vfio_pci_core_finish_enable(&bdev->core);
	barlease_compat_map_bars(&bdev->core);
	barlease_msix_find(bdev->core.pdev, &bdev->msix);
	barlease_withdraw_find(bdev);
	return 0;
}

static void close_device(struct vfio_device *vfio)
{
	struct barlease_device *bdev = barlease_from_vfio(vfio);

	barlease_revoke_all(bdev);
	barlease_bar_memattr_forget_owner(bdev);
	vfio_pci_core_close_device(vfio);
}

const struct vfio_device_ops barlease_device_ops = {
	.name		= barlease_driver_name,
	.init		= init_device,
	.release	= release_device,
	.open_device	= open_device,
	.close_device	= close_device,
	.ioctl		= barlease_device_ioctl,
	.device_feature	= barlease_device_feature,
	.read		= vfio_pci_core_read,
	.write		= barlease_device_write,
	.mmap		= barlease_device_mmap,
	.request	= vfio_pci_core_request,
	.match		= vfio_pci_core_match,
	.bind_iommufd	= vfio_iommufd_physical_bind,
	.unbind_iommufd	= vfio_iommufd_physical_unbind,
	.attach_ioas	= vfio_iommufd_physical_attach_ioas,
	.detach_ioas	= vfio_iommufd_physical_detach_ioas,
	BARLEASE_OPS_REGION_INFO
	BARLEASE_OPS_MATCH_TOKEN
	BARLEASE_OPS_PASID
};
