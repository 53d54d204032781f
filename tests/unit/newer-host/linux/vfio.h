/* SPDX-License-Identifier: MIT */
/*
 * The host's <linux/vfio.h> as it may be one day: with the export, as mainline
 * has it, and with the rest under numbers that are made up
 *
 * Copyright (C) 2026 The barlease authors
 */
#include_next <linux/vfio.h>

#ifndef VFIO_DEVICE_FEATURE_DMA_BUF
#define VFIO_DEVICE_FEATURE_DMA_BUF 11

struct vfio_region_dma_range {
	__u64	offset;
	__u64	length;
};

struct vfio_device_feature_dma_buf {
	__u32	region_index;
	__u32	open_flags;
	__u32	flags;
	__u32	nr_ranges;
	struct vfio_region_dma_range dma_ranges[];
};
#endif

#ifndef VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE
#define VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE 21

struct vfio_device_feature_dma_buf_revoke {
	__s32	dmabuf_fd;
};
#endif

#ifndef VFIO_DEVICE_PCI_DMABUF_REVOKE
#define VFIO_DEVICE_PCI_DMABUF_REVOKE _IO(VFIO_TYPE, VFIO_BASE + 22)

struct vfio_pci_dmabuf_revoke {
	__u32	argsz;
	__s32	dmabuf_fd;
};
#endif

#ifndef VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR
#define VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR 22

struct vfio_device_feature_dma_buf_memattr {
	__s32	dmabuf_fd;
	__u32	memattr;
#define VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC	0
#define VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC	1
};
#endif
