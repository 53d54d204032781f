/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory attributes
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_MEMATTR_H
#define BARLEASE_MEMATTR_H

#include <linux/mm_types.h>

struct barlease_device;

/**
 * barlease_memattr_pgprot() - a protection with a memory attribute
 * @memattr: VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_*
 * @prot: the protection; its own cacheability is replaced
 */
pgprot_t barlease_memattr_pgprot(u32 memattr, pgprot_t prot);

/* VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR */
int barlease_feature_memattr(struct barlease_device *bdev, u32 flags,
			     void __user *arg, size_t argsz);

#endif /* BARLEASE_MEMATTR_H */
