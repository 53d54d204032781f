// SPDX-License-Identifier: MIT
/*
 * iommufd maps the kernel's own DMABUFs for a VMM's devices, as with stock
 * vfio-pci, and loses them; leases it does not take
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "config.h"
#include "importer.h"
#include "kernel.h"
#include "lease.h"
#include "tap.h"
#include "vfio.h"

#define SIZE	(4 * PAGE)
#define IOVA	0x10000000ull

/* <linux/iommufd.h> and what <linux/vfio.h> has of it, newer than Debian 12's */
struct ioas_alloc {
	uint32_t size, flags, id;
};

struct ioas_map_file {
	uint32_t size, flags, id;
	int32_t fd;
	uint64_t start, length, iova;
};

struct ioas_unmap {
	uint32_t size, id;
	uint64_t iova, length;
};

struct vfio_bind {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t id;
};

struct vfio_attach {
	uint32_t argsz, flags, id;
};

#define IOAS_ALLOC	_IO(';', 0x81)
#define IOAS_MAP_FILE	_IO(';', 0x8f)
#define IOAS_UNMAP	_IO(';', 0x86)
#define MAP_AT_BOTH_WAYS 7
#define BIND		_IO(VFIO_TYPE, VFIO_BASE + 18)
#define ATTACH		_IO(VFIO_TYPE, VFIO_BASE + 19)

/* An address space, and a device in it */
struct space {
	int iommu;
	int device;
	uint32_t id;
};

static int open_node(struct bdf dev)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
		 pci_class_device(dev, "vfio-dev", "vfio"));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %s", path, strerror(errno));
	return fd;
}

static struct space space_open(struct bdf dev)
{
	struct space space = {
		.iommu = open("/dev/iommu", O_RDWR | O_CLOEXEC),
		.device = open_node(dev),
	};
	struct vfio_bind bind = {
		.argsz = sizeof(bind), .iommufd = space.iommu,
	};
	struct ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_attach attach = { .argsz = sizeof(attach) };

	if (ioctl(space.device, BIND, &bind) ||
	    ioctl(space.iommu, IOAS_ALLOC, &alloc))
		bail("no address space for %s: %s", dev.name, strerror(errno));
	space.id = alloc.id;
	attach.id = alloc.id;
	if (ioctl(space.device, ATTACH, &attach))
		bail("%s is not in it: %s", dev.name, strerror(errno));
	return space;
}

static void space_close(const struct space *space)
{
	close(space->device);
	close(space->iommu);
}

static int space_map(const struct space *space, int fd)
{
	struct ioas_map_file map = {
		.size = sizeof(map), .flags = MAP_AT_BOTH_WAYS,
		.id = space->id, .fd = fd, .length = SIZE, .iova = IOVA,
	};

	return ioctl(space->iommu, IOAS_MAP_FILE, &map) ? -errno : 0;
}

static int space_unmap(const struct space *space)
{
	struct ioas_unmap unmap = {
		.size = sizeof(unmap), .id = space->id,
		.iova = IOVA, .length = SIZE,
	};

	return ioctl(space->iommu, IOAS_UNMAP, &unmap) ? -errno : 0;
}

/* What a VMM does, and what its guest may do to it */
static void mapped(struct vfio *small, const struct space *space)
{
	int fd = lease_of(small->device, BAR2, 0, SIZE);

	is_ok(space_map(space, fd), "iommufd maps it for another device");
	is_ok(space_unmap(space), "and unmaps it");
	is_ok(space_map(space, fd), "and maps it again");
	memory_decode(small, false);
	memory_decode(small, true);
	is_ok(vfio_reset(small), "the device loses its memory, and is reset");
	is_ok(space_unmap(space), "it can be unmapped after that");
	is_ok(space_map(space, fd), "and mapped");
	vfio_close_device(small);
	is_ok(space_unmap(space), "and unmapped when the device is closed");
	is_error(space_map(space, fd), ENODEV,
		 "and not mapped any more: ENODEV");
	close(fd);
}

static void with_lease(const struct vfio *small, const struct space *space)
{
	int lease = lease_of(small->device, BAR2, 0, SIZE);

	ok(space_map(space, lease) < 0, "iommufd takes no lease");
	is_ok(lease_revoke(small->device, lease), "which is as ever");
	close(lease);
}

int main(void)
{
	struct vfio small;
	struct space space;

	if (!importers_possible() || !kernel_has_iommufd()) {
		skip("this kernel has no iommufd, or it takes no DMABUF",
		     "iommufd maps the kernel's own DMABUFs");
		return tap_done();
	}

	small = vfio_open(dev_small());
	space = space_open(dev_big());
	with_lease(&small, &space);
	is_ok(pci_write(dev_small(), "barlease/dmabuf", "core"),
	      "the administrator wants the kernel's own DMABUFs");
	mapped(&small, &space);
	is_ok(pci_write(dev_small(), "barlease/dmabuf", "lease"),
	      "the administrator wants leases again");
	space_close(&space);
	vfio_close(&small);
	return tap_done();
}
