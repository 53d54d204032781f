// SPDX-License-Identifier: MIT
/*
 * VFIO_DEVICE_SET_IRQS
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/vfio.h>

#include "irq.h"

int bl_irq_count(int device, uint32_t index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	return ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &info) ? -errno :
								(int)info.count;
}

int bl_irq_set(int device, uint32_t index, uint32_t vector, uint32_t what,
	       int eventfd)
{
	union {
		struct vfio_irq_set set;
		char space[sizeof(struct vfio_irq_set) + sizeof(eventfd)];
	} request = {
		.set = {
			.argsz = sizeof(request.space),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | what,
			.index = index,
			.start = vector,
			.count = 1,
		},
	};

	memcpy(request.set.data, &eventfd, sizeof(eventfd));
	return ioctl(device, VFIO_DEVICE_SET_IRQS, &request) ? -errno : 0;
}

int bl_irq_unmask(int device, uint32_t index)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
		.index = index,
		.count = 1,
	};

	return ioctl(device, VFIO_DEVICE_SET_IRQS, &set) ? -errno : 0;
}

/* Raise no interrupt: that is an error where none can be raised */
bool bl_irq_is_on(int device, uint32_t index)
{
	union {
		struct vfio_irq_set set;
		char space[sizeof(struct vfio_irq_set) + 1];
	} request = {
		.set = {
			.argsz = sizeof(request.space),
			.flags = VFIO_IRQ_SET_DATA_BOOL |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = index,
			.count = 1,
		},
	};

	request.set.data[0] = 0;
	return !ioctl(device, VFIO_DEVICE_SET_IRQS, &request);
}

int bl_irq_switch_on(int device, uint32_t index, uint32_t nr)
{
	size_t size = sizeof(struct vfio_irq_set) + nr * sizeof(int32_t);
	struct vfio_irq_set *set = malloc(size);
	int ret;

	if (!set)
		return -ENOMEM;
	*set = (struct vfio_irq_set){
		.argsz = size,
		.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			 VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = index,
		.count = nr,
	};
	/* All of them -1 */
	memset(set->data, 0xff, nr * sizeof(int32_t));
	ret = ioctl(device, VFIO_DEVICE_SET_IRQS, set);
	if (ret < 0)
		ret = -errno;
	free(set);
	return ret;
}
