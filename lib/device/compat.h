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

#endif
