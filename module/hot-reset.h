/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hot resets that faults cannot keep off
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_HOT_RESET_H
#define BARLEASE_HOT_RESET_H

struct barlease_device;

/* VFIO_DEVICE_PCI_HOT_RESET */
long barlease_ioctl_hot_reset(struct barlease_device *bdev, unsigned long arg);

#endif /* BARLEASE_HOT_RESET_H */
