// SPDX-License-Identifier: MIT
/*
 * <linux/barlease.h>, with nothing before it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/barlease.h>

#include "abi.h"

int abi_alone(void)
{
	return VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE;
}
