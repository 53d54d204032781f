/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of the owner that may take the device's memory away for a while
 *
 * Copyright (C) 2026 The barlease authors
 *
 * vfio-pci-core does it with memory_lock held, and every fault waits for that.
 * So importers are waited for before it is called, and not let in again until
 * it is done. Whether memory is really taken away only it can tell: what is
 * written may change until it looks.
 */
#ifndef BARLEASE_WITHDRAW_H
#define BARLEASE_WITHDRAW_H

#include <linux/types.h>

struct barlease_device;
struct vfio_device;

/* At the first open: where the device has what such calls write to */
void barlease_withdraw_find(struct barlease_device *bdev);

/* vfio_device_ops.write */
ssize_t barlease_device_write(struct vfio_device *vfio, const char __user *buf,
			      size_t count, loff_t *ppos);

/* VFIO_DEVICE_RESET */
long barlease_ioctl_reset(struct barlease_device *bdev, unsigned long arg);

/* VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, and the one with wake-up */
int barlease_feature_low_power(struct barlease_device *bdev, u32 flags,
			       void __user *arg, size_t argsz);

#endif /* BARLEASE_WITHDRAW_H */
