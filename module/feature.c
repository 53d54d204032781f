// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls that this driver adds to a VFIO device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "bar-memattr.h"
#include "compat.h"
#include "device.h"
#include "export.h"
#include "feature.h"
#include "hot-reset.h"
#include "importer.h"
#include "mapped-as.h"
#include "memattr.h"
#include "revoke.h"
#include "state.h"
#include "withdraw.h"

int barlease_device_feature(struct vfio_device *vfio, u32 flags,
			    void __user *arg, size_t argsz)
{
	struct barlease_device *bdev = barlease_from_vfio(vfio);
	u32 feature = flags & VFIO_DEVICE_FEATURE_MASK;

	switch (barlease_compat_feature(feature)) {
	case VFIO_DEVICE_FEATURE_DMA_BUF:
		if (READ_ONCE(bdev->core_exports))
			return vfio_pci_core_ioctl_feature(vfio, flags, arg,
							   argsz);
		fallthrough;
	case BARLEASE_FEATURE_LEASE:
		return barlease_feature_dma_buf(bdev, flags, arg, argsz);
	case BARLEASE_FEATURE_DMA_BUF_IMPORTERS:
		return barlease_feature_importers(bdev, flags, arg, argsz);
	case BARLEASE_FEATURE_DMA_BUF_STATE:
		return barlease_feature_state(bdev, flags, arg, argsz);
	case BARLEASE_FEATURE_DMA_BUF_REVOKE:
		return barlease_feature_revoke(bdev, flags, arg, argsz);
	case BARLEASE_FEATURE_DMA_BUF_MEMATTR:
		return barlease_feature_memattr(bdev, flags, arg, argsz);
	case BARLEASE_FEATURE_BAR_MEMATTR:
		return barlease_feature_bar_memattr(bdev, flags, arg, argsz);
	case BARLEASE_FEATURE_MAPPED_AS:
		return barlease_feature_mapped_as(bdev, flags, arg, argsz);
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY:
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP:
		return barlease_feature_low_power(bdev, flags, arg, argsz);
	default:
		return vfio_pci_core_ioctl_feature(vfio, flags, arg, argsz);
	}
}

long barlease_device_ioctl(struct vfio_device *vfio, unsigned int cmd,
			   unsigned long arg)
{
	struct barlease_device *bdev = barlease_from_vfio(vfio);

	switch (cmd) {
	case VFIO_DEVICE_PCI_DMABUF_REVOKE:
		return barlease_ioctl_revoke(bdev, (void __user *)arg);
	case VFIO_DEVICE_PCI_HOT_RESET:
		return barlease_ioctl_hot_reset(bdev, arg);
	case VFIO_DEVICE_RESET:
		return barlease_ioctl_reset(bdev, arg);
	default:
		return vfio_pci_core_ioctl(vfio, cmd, arg);
	}
}
