/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exporting ranges of a BAR
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_EXPORT_H
#define BARLEASE_EXPORT_H

#include <linux/types.h>

struct barlease_device;

/* VFIO_DEVICE_FEATURE_DMA_BUF; arguments as vfio_device_ops.device_feature */
int barlease_feature_dma_buf(struct barlease_device *bdev, u32 flags,
			     void __user *arg, size_t argsz);

#endif /* BARLEASE_EXPORT_H */
