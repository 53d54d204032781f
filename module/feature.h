/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls that this driver adds to a VFIO device
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_FEATURE_H
#define BARLEASE_FEATURE_H

#include <linux/types.h>

struct vfio_device;

/* vfio_device_ops.device_feature */
int barlease_device_feature(struct vfio_device *vfio, u32 flags,
			    void __user *arg, size_t argsz);

/* vfio_device_ops.ioctl */
long barlease_device_ioctl(struct vfio_device *vfio, unsigned int cmd,
			   unsigned long arg);

#endif /* BARLEASE_FEATURE_H */
