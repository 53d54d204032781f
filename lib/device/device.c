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

/* @token: NULL for none */
struct opening {
	enum barlease_backend backend;
	const struct bl_token *token;
	struct bl_pci pci;
};

static int open_by_iommufd(struct barlease_device *device,
			   const struct opening *how)
{
	int ret = bl_iommufd_get(&how->pci, how->token, &device->node);

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
			 const struct opening *how)
{
	int number = bl_pci_group(&how->pci);
	int ret;

	if (number < 0)
		return number;
	ret = bl_group_get(number, how->backend != BARLEASE_BACKEND_NOIOMMU,
			   &device->group);
	if (ret)
		return ret;
	device->fd = bl_group_device_fd(device->group, &how->pci, how->token);
	if (device->fd < 0) {
		bl_group_put(device->group);
		return device->fd;
	}
	device->origin = BL_BY_GROUP;
	return 0;
}

static int open_by(struct barlease_device *device, const struct opening *how)
{
	bool without = how->backend == BARLEASE_BACKEND_NOIOMMU;
	int ret;

	/* Never by the way: what is lost has to be wanted. */
	if (bl_pci_without_iommu(&how->pci) != without)
		return -EOPNOTSUPP;
	switch (how->backend) {
	case BARLEASE_BACKEND_GROUP:
	case BARLEASE_BACKEND_NOIOMMU:
		return open_by_group(device, how);
	case BARLEASE_BACKEND_IOMMUFD:
		return open_by_iommufd(device, how);
	case BARLEASE_BACKEND_ANY:
		ret = open_by_iommufd(device, how);
		return bl_iommufd_absent(ret) ? open_by_group(device, how) :
						ret;
	}
	return -EINVAL;
}

void bl_device_look_at(struct barlease_device *device)
{
	bl_caps_find(device);
	bl_msix_find(device);
	bl_interrupts_find(device);
}

static int open_new(const struct opening *how, struct barlease_device **device)
{
	struct barlease_device *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	new->request = -1;
	ret = open_by(new, how);
	if (ret) {
		free(new);
		return ret;
	}
	bl_device_look_at(new);
	*device = new;
	return 0;
}

static bool is_known(const struct barlease_device_options *options)
{
	uint64_t any = options->flags;
	size_t i;

	for (i = 0; i < sizeof(options->reserved) / sizeof(uint64_t); i++)
		any |= options->reserved[i];
	return !any;
}

int barlease_device_open_with(const char *bdf,
			      const struct barlease_device_options *options,
			      struct barlease_device **device)
{
	struct opening how = { .backend = options->backend };
	struct bl_token token;
	char name[32];
	int ret;

	if (!is_known(options) || options->backend > BARLEASE_BACKEND_NOIOMMU)
		return -EINVAL;
	ret = barlease_pci_address(bdf, how.pci.name);
	if (!ret && options->vf_token) {
		ret = bl_token_parse(options->vf_token, &token);
		how.token = &token;
	}
	if (ret)
		return ret;
	/* Else the errors would be those of a group's other devices. */
	ret = bl_pci_vfio_name(&how.pci, name, sizeof(name));
	return ret ?: open_new(&how, device);
}

int barlease_device_open(const char *bdf, enum barlease_backend backend,
			 struct barlease_device **device)
{
	const struct barlease_device_options options = { .backend = backend };

	return barlease_device_open_with(bdf, &options, device);
}

static int device_flags(int fd, uint32_t *flags)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	if (ioctl(fd, VFIO_DEVICE_GET_INFO, &info))
		return -errno;
	*flags = info.flags;
	return 0;
}

int bl_device_check(int fd)
{
	uint32_t flags = 0;
	int ret = device_flags(fd, &flags);

	if (ret == -EBADF)
		return ret;
	return ret || !(flags & VFIO_DEVICE_FLAGS_PCI) ? -EINVAL : 0;
}

int barlease_device_wrap(int fd, struct barlease_device **device)
{
	struct barlease_device *new;
	int ret = bl_device_check(fd);

	if (ret)
		return ret;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->fd = fd;
	new->request = -1;
	new->origin = BL_WRAPPED;
	bl_device_look_at(new);
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

bool barlease_device_can_reset(const struct barlease_device *device)
{
	uint32_t flags = 0;

	return !device_flags(device->fd, &flags) &&
	       flags & VFIO_DEVICE_FLAGS_RESET;
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
