// SPDX-License-Identifier: MIT
/*
 * The kernel's wish to have a device back
 *
 * Copyright (C) 2026 The barlease authors
 *
 * VFIO has an interrupt for it, of the kernel's own making. An unbind waits for
 * the last close, and raises it every ten seconds meanwhile.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "device.h"
#include "irq.h"

/* @fd: of an eventfd; -1 for none from now on */
static int trigger(int device, int fd)
{
	return bl_irq_set(device, VFIO_PCI_REQ_IRQ_INDEX, 0,
			  VFIO_IRQ_SET_ACTION_TRIGGER, fd);
}

int barlease_device_request_fd(struct barlease_device *device)
{
	int fd, ret;

	if (device->request >= 0)
		return device->request;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	ret = trigger(device->fd, fd);
	if (ret) {
		close(fd);
		return ret;
	}
	device->request = fd;
	return fd;
}

void bl_request_end(const struct barlease_device *device)
{
	if (device->request < 0)
		return;
	/* The device itself may stay open */
	if (device->origin == BL_WRAPPED)
		trigger(device->fd, -1);
	close(device->request);
}
