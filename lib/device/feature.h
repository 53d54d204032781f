/* SPDX-License-Identifier: MIT */
/*
 * VFIO_DEVICE_FEATURE
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_FEATURE_H
#define LIB_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/vfio.h>

/* The most bytes that bl_feature() takes */
#define BL_FEATURE_DATA	24

/*
 * @flags: a feature's number, with VFIO_DEVICE_FEATURE_GET or ..._SET
 * @data: behind the header; read, and written where the call succeeds
 *
 * Returns what the ioctl returns, or a negative errno. Allocates nothing, so
 * that a revoke cannot fail for want of memory.
 */
int bl_feature(int device, uint32_t flags, void *data, size_t size);

/* Does the driver know the feature, for GET or SET (or both) as in @flags? */
bool bl_feature_probe(int device, uint32_t flags);

#endif
