// SPDX-License-Identifier: MIT
/*
 * <linux/barlease.h> in C++
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/barlease.h>

#include "abi.h"

static_assert(sizeof(vfio_device_feature_dma_buf) == 16, "size");
static_assert(sizeof(vfio_device_feature_dma_buf_memattr) == 8, "size");
static_assert(sizeof(vfio_pci_dmabuf_revoke) == 8, "size");

int abi_cxx(void)
{
	return VFIO_DEVICE_PCI_DMABUF_REVOKE;
}
