// SPDX-License-Identifier: MIT
/*
 * Interrupts of a VFIO device that has one of a kind
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "irq.h"

int irq_enable(int device, uint32_t index, int eventfd)
{
	struct {
		struct vfio_irq_set header;
		int fd;
	} arg = {
		.header = {
			.argsz = sizeof(arg),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = index,
			.count = 1,
		},
		.fd = eventfd,
	};

	return ioctl(device, VFIO_DEVICE_SET_IRQS, &arg) ? -errno : 0;
}

static int without_data(int device, uint32_t index, uint32_t action,
			uint32_t count)
{
	struct vfio_irq_set arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_IRQ_SET_DATA_NONE | action,
		.index = index,
		.count = count,
	};

	return ioctl(device, VFIO_DEVICE_SET_IRQS, &arg) ? -errno : 0;
}

int irq_disable(int device, uint32_t index)
{
	return without_data(device, index, VFIO_IRQ_SET_ACTION_TRIGGER, 0);
}

int irq_unmask(int device, uint32_t index)
{
	return without_data(device, index, VFIO_IRQ_SET_ACTION_UNMASK, 1);
}

uint64_t irq_signals(int eventfd, int timeout_ms)
{
	struct pollfd poll_in = { .fd = eventfd, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&poll_in, 1, timeout_ms) != 1 ||
	    read(eventfd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}
