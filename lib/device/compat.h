/* SPDX-License-Identifier: MIT */
/*
 * What this library needs of the kernel's headers and older ones lack
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Linux 6.1, of Debian 12, has no <linux/iommufd.h>, and no device nodes in its
 * <linux/vfio.h>.
 */
#ifndef LIB_COMPAT_H
#define LIB_COMPAT_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vfio.h>

#ifndef VFIO_DEVICE_BIND_IOMMUFD
#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
#endif

/* struct vfio_device_bind_iommufd, of a kernel that takes tokens there */
struct bl_bind_request {
	__u32	argsz;
	__u32	flags;
	__s32	iommufd;
	__u32	out_devid;
	__u64	token;
};

#define BL_BIND_FLAG_TOKEN	(1 << 0)

#ifndef VFIO_DEVICE_ATTACH_IOMMUFD_PT
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
#endif

/* struct vfio_device_attach_iommufd_pt */
struct bl_attach_request {
	__u32	argsz;
	__u32	flags;
	__u32	pt_id;
};

/* What is used of <linux/iommufd.h>; there, the names begin with iommu and IOMMU */
#define BL_IOMMU_DESTROY		_IO(VFIO_TYPE, 0x80)
#define BL_IOMMU_IOAS_ALLOC		_IO(VFIO_TYPE, 0x81)
#define BL_IOMMU_IOAS_IOVA_RANGES	_IO(VFIO_TYPE, 0x84)
#define BL_IOMMU_IOAS_MAP		_IO(VFIO_TYPE, 0x85)
#define BL_IOMMU_IOAS_UNMAP		_IO(VFIO_TYPE, 0x86)
#define BL_IOMMU_IOAS_MAP_FILE		_IO(VFIO_TYPE, 0x8f)

#define BL_IOAS_MAP_FIXED_IOVA	(1 << 0)
#define BL_IOAS_MAP_WRITEABLE	(1 << 1)
#define BL_IOAS_MAP_READABLE	(1 << 2)

struct bl_iommu_destroy {
	__u32	size;
	__u32	id;
};

struct bl_ioas_alloc {
	__u32	size;
	__u32	flags;
	__u32	out_ioas_id;
};

struct bl_iova_range {
	__aligned_u64	start;
	__aligned_u64	last;
};

struct bl_ioas_iova_ranges {
	__u32	size;
	__u32	ioas_id;
	__u32	num_iovas;
	__u32	reserved;
	__aligned_u64	allowed_iovas;
	__aligned_u64	out_iova_alignment;
};

struct bl_ioas_map {
	__u32	size;
	__u32	flags;
	__u32	ioas_id;
	__u32	reserved;
	__aligned_u64	user_va;
	__aligned_u64	length;
	__aligned_u64	iova;
};

struct bl_ioas_map_file {
	__u32	size;
	__u32	flags;
	__u32	ioas_id;
	__s32	fd;
	__aligned_u64	start;
	__aligned_u64	length;
	__aligned_u64	iova;
};

struct bl_ioas_unmap {
	__u32	size;
	__u32	ioas_id;
	__aligned_u64	iova;
	__aligned_u64	length;
};

#endif
