/* SPDX-License-Identifier: MIT */
/*
 * A VFIO device, from its address to its file descriptor
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef TEST_VFIO_H
#define TEST_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/vfio.h>

#include "sysfs.h"

struct vfio {
	struct bdf bdf;
	int container;
	int group;
	int device;
};

struct region {
	uint64_t offset;
	uint64_t size;
	uint32_t flags;
};

/* Give up where the device cannot be opened */
struct vfio vfio_open(struct bdf bdf);
/* A device in the group of another that is open; shares group and container */
struct vfio vfio_open_sibling(const struct vfio *other, struct bdf bdf);
/* The same without giving up; -1 fields and a negative errno */
int vfio_try_open(struct vfio *vfio, struct bdf bdf);
/* A VF whose PF has this token, a UUID as text */
int vfio_try_open_vf(struct vfio *vfio, struct bdf bdf, const char *token);

/* The fds that are not yet -1 */
void vfio_close(struct vfio *vfio);
void vfio_close_device(struct vfio *vfio);
void vfio_close_group(struct vfio *vfio);
/* Another fd of the device, from a group that is still open */
int vfio_device_fd(const struct vfio *vfio);

struct region vfio_region(const struct vfio *vfio, unsigned int index);
int vfio_reset(const struct vfio *vfio);

/*
 * How many resets are enough, where @n are when one takes milliseconds: firmware
 * that says that a device is ready at once is on x86 only, and elsewhere the
 * kernel waits two seconds
 */
#ifdef __aarch64__
#define RESETS_OF(n)	((n) / 50)
#else
#define RESETS_OF(n)	(n)
#endif
/* Of all devices that are reset together, which share one group */
int vfio_hot_reset(const struct vfio *vfio);

/*
 * VFIO_DEVICE_FEATURE with the data right behind the header; @flags are GET,
 * SET and PROBE. Returns what the ioctl returns, or a negative errno.
 */
int vfio_feature(int device, uint32_t feature, uint32_t flags, void *data,
		 size_t size);

/* pread() and pwrite() of one register, past every mapping */
uint32_t vfio_get32(const struct vfio *vfio, unsigned int index,
		    uint64_t offset);
void vfio_put32(const struct vfio *vfio, unsigned int index, uint64_t offset,
		uint32_t value);

#endif
