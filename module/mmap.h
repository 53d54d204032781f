/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mapping buffers and BARs
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_MMAP_H
#define BARLEASE_MMAP_H

struct dma_buf;
struct vfio_device;
struct vm_area_struct;

/* dma_buf_ops.mmap */
int barlease_dma_buf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma);

/* vfio_device_ops.mmap */
int barlease_device_mmap(struct vfio_device *vfio, struct vm_area_struct *vma);

#endif /* BARLEASE_MMAP_H */
