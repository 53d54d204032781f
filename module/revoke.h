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
struct dma_buf;

/**
 * barlease_revoke_all() - revoke every buffer of a device
 * @bdev: the device, about to be closed
 */
void barlease_revoke_all(struct barlease_device *bdev);

/**
 * barlease_revoke_begin() - take a buffer back from processes, for good
 * @dmabuf: the DMABUF; the caller has a reference
 *
 * When it returns, no process maps it, and devices have been told to give it
 * back; see barlease_importers_wait().
 *
 * Return: whether this was the call that did it.
 */
bool barlease_revoke_begin(struct dma_buf *dmabuf);

/* VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE */
int barlease_feature_revoke(struct barlease_device *bdev, u32 flags,
			    void __user *arg, size_t argsz);

/* VFIO_DEVICE_PCI_DMABUF_REVOKE */
int barlease_ioctl_revoke(struct barlease_device *bdev, void __user *arg);

#endif /* BARLEASE_REVOKE_H */
