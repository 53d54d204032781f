/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the page table says of a mapping
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_MAPPED_AS_H
#define BARLEASE_MAPPED_AS_H

#include <linux/types.h>

struct barlease_device;

/* BARLEASE_FEATURE_MAPPED_AS */
int barlease_feature_mapped_as(struct barlease_device *bdev, u32 flags,
			       void __user *arg, size_t argsz);

#endif /* BARLEASE_MAPPED_AS_H */
