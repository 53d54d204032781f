// SPDX-License-Identifier: MIT
/*
 * Opening, closing and resetting a VFIO device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "device.h"
#include "pci.h"

static int open_by_iommufd(struct barlease_device *device,
			   const struct bl_pci *pci)
{
	int ret = bl_iommufd_get(pci, &device->node);

	if (ret)
		return ret;
	device->fd = bl_iommufd_device_fd(device->node);
	if (device->fd < 0) {
		bl_iommufd_put(device->node);
		return device->fd;
	}
	device->origin = BL_BY_IOMMUFD;
	return 0;
}

static int open_by_group(struct barlease_device *device,
			 const struct bl_pci *pci)
{
	int number = bl_pci_group(pci);
	int ret;

	if (number < 0)
		return number;
	ret = bl_group_get(number, &device->group);
	if (ret)
		return ret;
	device->fd = bl_group_device_fd(device->group, pci);
	if (device->fd < 0) {
		bl_group_put(device->group);
		return device->fd;
	}
	device->origin = BL_BY_GROUP;
	return 0;
}

static int open_by(enum barlease_backend backend,
		   struct barlease_device *device, const struct bl_pci *pci)
{
	int ret;

	switch (backend) {
	case BARLEASE_BACKEND_GROUP:
		return open_by_group(device, pci);
	case BARLEASE_BACKEND_IOMMUFD:
		return open_by_iommufd(device, pci);
	case BARLEASE_BACKEND_ANY:
		ret = open_by_iommufd(device, pci);
		return bl_iommufd_absent(ret) ? open_by_group(device, pci) :
						ret;
	}
	return -EINVAL;
}

int barlease_device_open(const char *bdf, enum barlease_backend backend,
			 struct barlease_device **device)
{
	struct barlease_device *new;
	struct bl_pci pci;
	char name[32];
	int ret;

	ret = barlease_pci_address(bdf, pci.name);
	if (ret)
		return ret;
	/* Else the errors would be those of a group's other devices. */
	ret = bl_pci_vfio_name(&pci, name, sizeof(name));
	if (ret)
		return ret;

	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->request = -1;
	ret = open_by(backend, new, &pci);
	if (ret) {
		free(new);
		return ret;
	}
	bl_caps_find(new);
	bl_msix_find(new);
	*device = new;
	return 0;
}

static int device_flags(int fd, uint32_t *flags)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	if (ioctl(fd, VFIO_DEVICE_GET_INFO, &info))
		return -errno;
	*flags = info.flags;
	return 0;
}

int barlease_device_wrap(int fd, struct barlease_device **device)
{
	struct barlease_device *new;
	uint32_t flags = 0;
	int ret;

	ret = device_flags(fd, &flags);
	if (ret == -EBADF)
		return ret;
	if (ret || !(flags & VFIO_DEVICE_FLAGS_PCI))
		return -EINVAL;

	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->fd = fd;
	new->request = -1;
	new->origin = BL_WRAPPED;
	bl_caps_find(new);
	bl_msix_find(new);
	*device = new;
	return 0;
}

void barlease_device_close(struct barlease_device *device)
{
	if (!device)
		return;

	bl_request_end(device);
	switch (device->origin) {
	case BL_WRAPPED:
		break;
	case BL_BY_GROUP:
		close(device->fd);
		bl_group_put(device->group);
		break;
	case BL_BY_IOMMUFD:
		close(device->fd);
		bl_iommufd_put(device->node);
		break;
	}
	free(device);
}

int barlease_device_fd(const struct barlease_device *device)
{
	return device->fd;
}

unsigned int barlease_device_caps(const struct barlease_device *device)
{
	return device->caps;
}

int barlease_device_reset(const struct barlease_device *device)
{
	uint32_t flags = 0;
	int ret;

	ret = device_flags(device->fd, &flags);
	if (ret)
		return ret;
	if (!(flags & VFIO_DEVICE_FLAGS_RESET))
		return -EOPNOTSUPP;
	return ioctl(device->fd, VFIO_DEVICE_RESET) ? -errno : 0;
}
