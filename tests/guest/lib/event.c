// SPDX-License-Identifier: MIT
/*
 * What the kernel tells the user of a device by eventfd
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "event.h"
#include "tap.h"

int event_fd(const struct vfio *vfio, unsigned int index)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct {
		struct vfio_irq_set header;
		int fd;
	} arg = {
		.header = { .argsz = sizeof(arg),
			    .flags = VFIO_IRQ_SET_DATA_EVENTFD |
				     VFIO_IRQ_SET_ACTION_TRIGGER,
			    .index = index, .count = 1 },
		.fd = fd,
	};

	if (ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, &arg))
		bail("the events of index %u: %s", index, strerror(errno));
	return fd;
}

bool event_came(int fd, int timeout_ms)
{
	struct pollfd poll_in = { .fd = fd, .events = POLLIN };

	return poll(&poll_in, 1, timeout_ms) == 1;
}
