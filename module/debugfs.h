/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of a device's leases in debugfs
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_DEBUGFS_H
#define BARLEASE_DEBUGFS_H

struct barlease_device;

void barlease_debugfs_init(void);
void barlease_debugfs_exit(void);

/* barlease/DEVICE, a file; from when the device is bound until it is unbound */
void barlease_debugfs_add(struct barlease_device *bdev);
void barlease_debugfs_remove(struct barlease_device *bdev);

#endif /* BARLEASE_DEBUGFS_H */
