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
#include "space.h"

/* Whose the fd is, and what has to be let go after it is closed */
enum bl_origin {
	BL_WRAPPED,
	BL_BY_GROUP,
	BL_BY_IOMMUFD,
};

/* Bytes of a BAR, in whole pages; none where @range has no length */
struct bl_msix {
	unsigned int bar;
	struct barlease_range range;
};

/*
 * @group: for BL_BY_GROUP
 * @node: for BL_BY_IOMMUFD
 * @space: of BL_WRAPPED: where its DMA goes, as its owner says
 * @request: of barlease_device_request_fd(); -1 where nobody has asked for it
 * @caps: BARLEASE_CAN_...
 * @export: number of the feature that exports; 0 where there is none
 * @revoke: number of the feature that revokes; 0 for the ioctl
 * @memattr: number of the feature that sets the memory attribute
 * @has_state: whether the driver tells what is left of a lease
 * @msix: where the MSI-X table and the pending bits are
 * @interrupts: what it has; @irq: VFIO's index of those
 */
struct barlease_device {
	int fd;
	enum bl_origin origin;
	struct bl_group *group;
	struct bl_node *node;
	struct bl_space space;
	int request;
	unsigned int caps;
	uint32_t export;
	uint32_t revoke;
	uint32_t memattr;
	bool has_state;
	struct bl_msix msix[BARLEASE_MSIX_RANGES];
	struct barlease_interrupts interrupts;
	uint32_t irq;
};

/* Fills in @caps to @has_state */
void bl_caps_find(struct barlease_device *device);

/* Is its driver barlease-vfio-pci? From its feature numbers; after the above */
bool bl_caps_ours(const struct barlease_device *device);

/* Fills in @msix */
void bl_msix_find(struct barlease_device *device);

/* Fills in @interrupts and @irq */
void bl_interrupts_find(struct barlease_device *device);

/*
 * Of the kernel's: finds out all of the above. Return: 0; -EBADF; -EINVAL it is no
 * VFIO PCI device
 */
int bl_device_check(int fd);
void bl_device_look_at(struct barlease_device *device);

/* Before the device is closed */
void bl_request_end(const struct barlease_device *device);

#endif
