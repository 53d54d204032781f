/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Revoking buffers for good
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_REVOKE_H
#define BARLEASE_REVOKE_H

#include <linux/types.h>

struct barlease_device;

/**
 * barlease_revoke_all() - revoke every buffer of a device
 * @bdev: the device, about to be closed
 */
void barlease_revoke_all(struct barlease_device *bdev);

/* VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE */
int barlease_feature_revoke(struct barlease_device *bdev, u32 flags,
			    void __user *arg, size_t argsz);

/* VFIO_DEVICE_PCI_DMABUF_REVOKE */
int barlease_ioctl_revoke(struct barlease_device *bdev, void __user *arg);

#endif /* BARLEASE_REVOKE_H */
