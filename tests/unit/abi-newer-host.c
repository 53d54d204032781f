// SPDX-License-Identifier: MIT
/*
 * <linux/barlease.h> on a host whose <linux/vfio.h> has all of it already
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/barlease.h>

#include "abi.h"

int abi_newer_host_feature(void)
{
	return VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE;
}

int abi_newer_host_ours(void)
{
	return BARLEASE_FEATURE_DMA_BUF_REVOKE;
}
