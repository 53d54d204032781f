/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is left of a buffer, for servers that wait for nobody
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_STATE_H
#define BARLEASE_STATE_H

#include <linux/types.h>

struct barlease_device;

/* BARLEASE_FEATURE_DMA_BUF_STATE */
int barlease_feature_state(struct barlease_device *bdev, u32 flags,
			   void __user *arg, size_t argsz);

#endif /* BARLEASE_STATE_H */
