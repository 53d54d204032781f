/* SPDX-License-Identifier: MIT */
/*
 * A VFIO device that is open
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_DEVICE_H
#define LIB_DEVICE_H

#include <stdint.h>

#include "group.h"
#include "iommufd.h"
#include "public.h"

/* Whose the fd is, and what has to be let go after it is closed */
enum bl_origin {
	BL_WRAPPED,
	BL_BY_GROUP,
	BL_BY_IOMMUFD,
};

/*
 * @group: for BL_BY_GROUP
 * @node: for BL_BY_IOMMUFD
 * @request: of barlease_device_request_fd(); -1 where nobody has asked for it
 * @caps: BARLEASE_CAN_...
 * @revoke: number of the feature that revokes; 0 for the ioctl
 * @memattr: number of the feature that sets the memory attribute
 */
struct barlease_device {
	int fd;
	enum bl_origin origin;
	struct bl_group *group;
	struct bl_node *node;
	int request;
	unsigned int caps;
	uint32_t revoke;
	uint32_t memattr;
};

/* Fills in @caps, @revoke and @memattr */
void bl_caps_find(struct barlease_device *device);

/* Before the device is closed */
void bl_request_end(const struct barlease_device *device);

#endif
