// SPDX-License-Identifier: MIT
/*
 * A VFIO device, from its address to its file descriptor
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tap.h"
#include "vfio.h"

static int open_group(struct bdf bdf)
{
	char path[256], target[256];
	ssize_t n;
	int fd;

	pci_path(bdf, "iommu_group", path, sizeof(path));
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';

	snprintf(path, sizeof(path), "/dev/vfio/%s", basename(target));
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int join_container(const struct vfio *vfio)
{
	if (ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->container))
		return -errno;
	if (ioctl(vfio->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -errno;
	return 0;
}

/* @name: the address, and what VFIO lets one say behind it */
static int device_fd(const struct vfio *vfio, const char *name)
{
	int fd = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, name);

	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

int vfio_device_fd(const struct vfio *vfio)
{
	return device_fd(vfio, vfio->bdf.name);
}

static int open_parts(struct vfio *vfio, const char *name)
{
	int ret;

	vfio->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (vfio->container < 0)
		return -errno;
	vfio->group = open_group(vfio->bdf);
	if (vfio->group < 0)
		return vfio->group;
	ret = join_container(vfio);
	if (ret)
		return ret;
	vfio->device = device_fd(vfio, name);
	return vfio->device < 0 ? vfio->device : 0;
}

static int try_open_as(struct vfio *vfio, struct bdf bdf, const char *name)
{
	int ret;

	*vfio = (struct vfio){ bdf, -1, -1, -1 };
	ret = open_parts(vfio, name);
	if (ret)
		vfio_close(vfio);
	return ret;
}

int vfio_try_open(struct vfio *vfio, struct bdf bdf)
{
	return try_open_as(vfio, bdf, bdf.name);
}

int vfio_try_open_vf(struct vfio *vfio, struct bdf bdf, const char *token)
{
	char name[128];

	snprintf(name, sizeof(name), "%s vf_token=%s", bdf.name, token);
	return try_open_as(vfio, bdf, name);
}

struct vfio vfio_open(struct bdf bdf)
{
	struct vfio vfio;
	int ret = vfio_try_open(&vfio, bdf);

	if (ret)
		bail("cannot open %s through VFIO: %s", bdf.name,
		     strerror(-ret));
	return vfio;
}

struct vfio vfio_open_sibling(const struct vfio *other, struct bdf bdf)
{
	struct vfio vfio = { bdf, dup(other->container), dup(other->group),
			     -1 };

	vfio.device = vfio_device_fd(&vfio);
	if (vfio.device < 0)
		bail("cannot open %s beside %s: %s", bdf.name, other->bdf.name,
		     strerror(-vfio.device));
	return vfio;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vfio_close_device(struct vfio *vfio)
{
	close_one(&vfio->device);
}

void vfio_close_group(struct vfio *vfio)
{
	close_one(&vfio->group);
	close_one(&vfio->container);
}

void vfio_close(struct vfio *vfio)
{
	vfio_close_device(vfio);
	vfio_close_group(vfio);
}

struct region vfio_region(const struct vfio *vfio, unsigned int index)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = index,
	};

	if (ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return (struct region){ 0 };
	return (struct region){ info.offset, info.size, info.flags };
}

int vfio_reset(const struct vfio *vfio)
{
	return ioctl(vfio->device, VFIO_DEVICE_RESET) ? -errno : 0;
}

int vfio_hot_reset(const struct vfio *vfio)
{
	struct {
		struct vfio_pci_hot_reset header;
		int32_t group;
	} arg = {
		.header = { .argsz = sizeof(arg), .count = 1 },
		.group = vfio->group,
	};

	return ioctl(vfio->device, VFIO_DEVICE_PCI_HOT_RESET, &arg) ? -errno :
								       0;
}

int vfio_feature(int device, uint32_t feature, uint32_t flags, void *data,
		 size_t size)
{
	struct vfio_device_feature *arg;
	size_t argsz = sizeof(*arg) + size;
	int ret;

	arg = calloc(1, argsz);
	if (!arg)
		return -ENOMEM;
	arg->argsz = argsz;
	arg->flags = feature | flags;
	if (size)
		memcpy(arg->data, data, size);

	ret = ioctl(device, VFIO_DEVICE_FEATURE, arg);
	if (ret < 0)
		ret = -errno;
	else if (size && (flags & VFIO_DEVICE_FEATURE_GET))
		memcpy(data, arg->data, size);
	free(arg);
	return ret;
}

uint32_t vfio_get32(const struct vfio *vfio, unsigned int index,
		    uint64_t offset)
{
	uint64_t at = vfio_region(vfio, index).offset + offset;
	uint32_t value;

	if (pread(vfio->device, &value, sizeof(value), at) != sizeof(value))
		bail("pread() of region %u at %#llx: %s", index,
		     (unsigned long long)offset, strerror(errno));
	return value;
}

void vfio_put32(const struct vfio *vfio, unsigned int index, uint64_t offset,
		uint32_t value)
{
	uint64_t at = vfio_region(vfio, index).offset + offset;

	if (pwrite(vfio->device, &value, sizeof(value), at) != sizeof(value))
		bail("pwrite() of region %u at %#llx: %s", index,
		     (unsigned long long)offset, strerror(errno));
}
