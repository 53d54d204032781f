// SPDX-License-Identifier: MIT
/*
 * Every way in which getting and setting a memory attribute is refused
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "edge.h"
#include "fds.h"
#include "lease.h"
#include "tap.h"
#include "vfio.h"

#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET

struct request {
	struct vfio_device_feature header;
	struct vfio_device_feature_dma_buf_memattr body;
};

static struct vfio small;

static void refused(int fd, int error, const char *what)
{
	is_error(lease_get_memattr(small.device, fd), error, "GET of %s", what);
	is_error(lease_set_memattr(small.device, fd, NC), error, "SET of %s",
		 what);
}

static void no_lease(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	int foreign = foreign_dmabuf();

	if (null < 0 || file < 0)
		bail("cannot open what is to be refused");
	refused(-1, EBADF, "fd -1 is EBADF");
	refused(fd_closed(), EBADF, "a closed fd is EBADF");
	refused(null, EINVAL, "/dev/null is EINVAL");
	refused(file, EINVAL, "a plain file is EINVAL");
	refused(small.device, EINVAL, "the device itself is EINVAL");
	refused(foreign, ENODEV, "a DMABUF of another exporter is ENODEV");
	close(foreign);
	close(file);
	close(null);
}

static void other_device(void)
{
	struct vfio big = vfio_open(dev_big());
	int lease = lease_of(big.device, BAR2, 0, PAGE);

	refused(lease, ENODEV, "a lease of another device is ENODEV");
	close(lease);
	vfio_close(&big);
}

static void path_only(int lease)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", lease);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		bail("O_PATH: %s", path);
	refused(fd, EBADF, "an O_PATH fd is EBADF");
	close(fd);
}

static void attributes(int lease)
{
	static const uint32_t unknown[] = { 2, 3, 255, 1u << 16, 1u << 31,
					    ~0u };

	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		is_error(lease_set_memattr(small.device, lease, unknown[i]),
			 EOPNOTSUPP, "attribute %u is EOPNOTSUPP", unknown[i]);
	is_int(lease_get_memattr(small.device, lease), NC,
	       "none of them changed what GET says");
}

static int sized(int lease, uint32_t flags, size_t argsz)
{
	struct request arg = {
		{ argsz, VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR | flags },
		{ lease, WC },
	};

	return ioctl(small.device, VFIO_DEVICE_FEATURE, &arg) ? -errno : 0;
}

static int unmapped(int lease, uint32_t flags, size_t mapped)
{
	struct request arg = {
		{ sizeof(arg), VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR | flags },
		{ lease, WC },
	};

	return edge_ioctl(small.device, VFIO_DEVICE_FEATURE, &arg, mapped);
}

/* The answer of GET, into memory that cannot be written */
static int get_into_rodata(int lease)
{
	const struct request arg = {
		.header = {
			.argsz = sizeof(arg),
			.flags = VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR | GET,
		},
		.body = { .dmabuf_fd = lease },
	};

	return edge_ioctl_rodata(small.device, VFIO_DEVICE_FEATURE, &arg,
				 sizeof(arg));
}

static void arguments(int lease)
{
	const size_t header = sizeof(struct vfio_device_feature);
	const size_t whole = sizeof(struct request);

	is_error(sized(lease, SET, 0), EINVAL, "SET with argsz 0 is EINVAL");
	is_error(sized(lease, SET, header), EINVAL,
		 "SET with an argsz of the header alone is EINVAL");
	is_error(sized(lease, SET, whole - 4), EINVAL,
		 "SET with an argsz short of the attribute is EINVAL");
	is_error(sized(lease, SET, whole - 1), EINVAL,
		 "SET with an argsz short of one byte is EINVAL");
	is_error(sized(lease, GET, whole - 1), EINVAL,
		 "GET with an argsz short of one byte is EINVAL");
	is_error(sized(lease, GET, header), EINVAL,
		 "GET with an argsz of the header alone is EINVAL");
	is_error(sized(lease, GET | SET, whole), EINVAL,
		 "GET and SET together are EINVAL");
	is_error(sized(lease, 0, whole), EINVAL,
		 "neither GET nor SET is EINVAL");
	is_error(unmapped(lease, SET, 0), EFAULT, "SET of nothing is EFAULT");
	is_error(unmapped(lease, SET, header), EFAULT,
		 "SET of an argument that ends before the fd is EFAULT");
	is_error(unmapped(lease, SET, whole - 4), EFAULT,
		 "SET of an argument that ends before the attribute is EFAULT");
	is_error(unmapped(lease, GET, header), EFAULT,
		 "GET into an argument that ends before the fd is EFAULT");
	is_error(get_into_rodata(lease), EFAULT,
		 "GET into memory that cannot be written is EFAULT");
	is_int(lease_get_memattr(small.device, lease), NC,
	       "no refused SET changed the attribute");
}

static void revoked(int lease)
{
	is_ok(lease_revoke(small.device, lease), "a lease is revoked");
	refused(lease, EBADFD, "a revoked lease is EBADFD");
	is_error(lease_set_memattr(small.device, lease, 77), EBADFD,
		 "SET of an unknown attribute on a revoked lease is EBADFD, too");
}

static void after_device_close(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE);

	vfio_close_device(&small);
	small.device = vfio_device_fd(&small);
	if (small.device < 0)
		bail("cannot open the device again");
	refused(lease, EBADFD,
		"a lease from before the device's last close is EBADFD");
	close(lease);
}

int main(void)
{
	int fds, users, lease;

	small = vfio_open(dev_small());
	fds = fds_open();
	users = module_users(OUR_MODULE);

	no_lease();
	other_device();
	lease = lease_of(small.device, BAR2, 0, PAGE);
	path_only(lease);
	attributes(lease);
	arguments(lease);
	revoked(lease);
	close(lease);
	after_device_close();

	is_int(fds_open(), fds, "no call left an fd behind");
	is_int(module_users(OUR_MODULE), users,
	       "no call left a reference to the driver behind");
	vfio_close(&small);
	return tap_done();
}
