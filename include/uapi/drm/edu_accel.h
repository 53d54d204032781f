/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * edu-accel: copies by the DMA engine of QEMU's edu device, as jobs
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The contract between edu-accel.ko and userspace. Every call is made on
 * /dev/accel/accelN. Buffers that others made (DMABUFs) come in by
 * DRM_IOCTL_PRIME_FD_TO_HANDLE, handles go by DRM_IOCTL_GEM_CLOSE, and jobs are
 * waited for by syncobj: all of these are those of drm.h (libdrm has it),
 * unchanged.
 */
#ifndef _UAPI_DRM_EDU_ACCEL_H
#define _UAPI_DRM_EDU_ACCEL_H

#include "drm.h"

/* The device's own memory, which the jobs take turns to use */
#define EDU_ACCEL_DEVICE_SIZE	4096

#define EDU_ACCEL_BO_MAX_SIZE	(1 << 20)
#define EDU_ACCEL_MAX_COPIES	8
#define EDU_ACCEL_MAX_SYNCS	16

#define DRM_EDU_ACCEL_BO_CREATE	0x00
#define DRM_EDU_ACCEL_SUBMIT	0x01

/**
 * struct drm_edu_accel_bo_create - a buffer of zeroes
 *
 * @size: in: bytes, EDU_ACCEL_BO_MAX_SIZE at most; out: whole pages
 * @offset: out: for mmap() of the device's fd
 * @handle: out
 * @pad: 0
 *
 * Return: 0, or -1 and errno: EINVAL a bad size or @pad; ENOMEM.
 */
struct drm_edu_accel_bo_create {
	__u64 size;
	__u64 offset;
	__u32 handle;
	__u32 pad;
};

#define EDU_ACCEL_TO_DEVICE	0
#define EDU_ACCEL_FROM_DEVICE	1

/**
 * struct drm_edu_accel_copy - one copy of a job
 *
 * @offset: into the buffer
 * @handle: the buffer
 * @direction: EDU_ACCEL_TO_DEVICE or EDU_ACCEL_FROM_DEVICE
 * @device_offset: into the device's memory
 * @size: bytes, 1 at least
 */
struct drm_edu_accel_copy {
	__u64 offset;
	__u32 handle;
	__u32 direction;
	__u32 device_offset;
	__u32 size;
};

/**
 * struct drm_edu_accel_submit - queue a job
 *
 * The copies are done in their order, and no other job comes between them. The
 * device's memory does not outlast a job: what a copy takes from it, copies
 * before it in the same job have to have put there.
 *
 * @copies: address of an array of struct drm_edu_accel_copy
 * @in_syncs: address of an array of __u32, syncobjs that the job waits for
 * @nr_copies: 1 to EDU_ACCEL_MAX_COPIES
 * @nr_in_syncs: EDU_ACCEL_MAX_SYNCS at most
 * @out_sync: 0, or a syncobj that gets the job's fence
 * @pad: 0
 *
 * How a job ended is its fence's error, which a sync_file shows (status of
 * SYNC_IOC_FILE_INFO): 1 it is done; -ENODEV a buffer, or the device, was taken
 * away; -ETIMEDOUT the device hung, and was reset; others if it could not begin.
 *
 * Return: 0, or -1 and errno: EINVAL a value out of its bounds, or a read of
 * device memory that the job has not written; ENOENT no such buffer or syncobj;
 * EACCES a copy into a buffer that was handed over read-only; ENODEV a buffer
 * was taken away for good; ERANGE a buffer where the device's 28 bits of address
 * do not reach; E2BIG a buffer in too many pieces; EFAULT; ENOMEM.
 */
struct drm_edu_accel_submit {
	__u64 copies;
	__u64 in_syncs;
	__u32 nr_copies;
	__u32 nr_in_syncs;
	__u32 out_sync;
	__u32 pad;
};

#define DRM_IOCTL_EDU_ACCEL_BO_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_EDU_ACCEL_BO_CREATE, \
		 struct drm_edu_accel_bo_create)
#define DRM_IOCTL_EDU_ACCEL_SUBMIT \
	DRM_IOW(DRM_COMMAND_BASE + DRM_EDU_ACCEL_SUBMIT, \
		struct drm_edu_accel_submit)

#endif /* _UAPI_DRM_EDU_ACCEL_H */
