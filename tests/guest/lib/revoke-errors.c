// SPDX-License-Identifier: MIT
/*
 * Every way in which a revoke is refused
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "revoke-errors.h"
#include "tap.h"
#include "vfio.h"

static const struct revoke_form *form;
static struct vfio small;

static int try_revoke(int fd)
{
	return lease_revoke_by(form->by, small.device, fd);
}

static void no_lease(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	int memory = memfd_create("test", MFD_CLOEXEC);
	int foreign = foreign_dmabuf();
	int pipes[2];

	if (null < 0 || file < 0 || memory < 0 || pipe2(pipes, O_CLOEXEC))
		bail("cannot open what is to be refused");

	is_error(try_revoke(-1), EBADF, "fd -1 is EBADF");
	is_error(try_revoke(INT32_MIN), EBADF, "fd -2147483648 is EBADF");
	is_error(try_revoke(fd_closed()), EBADF, "a closed fd is EBADF");
	is_error(try_revoke(1 << 30), EBADF, "an fd that cannot be is EBADF");
	is_error(try_revoke(null), EINVAL, "/dev/null is EINVAL");
	is_error(try_revoke(file), EINVAL, "a plain file is EINVAL");
	is_error(try_revoke(memory), EINVAL, "a memfd is EINVAL");
	is_error(try_revoke(pipes[0]), EINVAL, "a pipe is EINVAL");
	is_error(try_revoke(small.device), EINVAL, "the device itself is EINVAL");
	is_error(try_revoke(foreign), ENODEV,
		 "a DMABUF of another exporter is ENODEV");

	close(pipes[0]);
	close(pipes[1]);
	close(foreign);
	close(memory);
	close(file);
	close(null);
}

static void path_only(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", lease);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		bail("O_PATH: %s", path);
	is_error(try_revoke(fd), EBADF, "an O_PATH fd of a lease is EBADF");
	close(fd);
	close(lease);
}

static void other_device(void)
{
	struct vfio big = vfio_open(dev_big());
	int lease = lease_of(big.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	vfio_put32(&big, BAR2, 0, 0xb16);
	is_error(try_revoke(lease), ENODEV,
		 "a lease of another device of this driver is ENODEV");
	reads(at, 0xb16, "the other device's lease is as it was");
	is_ok(lease_revoke_by(form->by, big.device, lease),
	      "its own device revokes it");
	unmap(at, PAGE);
	close(lease);
	vfio_close(&big);
}

static void arguments(void)
{
	int lease = lease_of(small.device, BAR2, PAGE, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	vfio_put32(&small, BAR2, PAGE, 0x1ea5e);
	for (size_t argsz = 0; argsz < form->argsz; argsz += 3)
		is_error(form->sized(small.device, lease, argsz), EINVAL,
			 "an argsz of %zu bytes is EINVAL", argsz);
	is_error(form->sized(small.device, lease, form->argsz - 1), EINVAL,
		 "an argsz short of one byte is EINVAL");
	is_error(form->unmapped(small.device, 0), EFAULT,
		 "no argument at all is EFAULT");
	is_error(form->unmapped(small.device, form->header), EFAULT,
		 "an argument that ends before the fd is EFAULT");
	reads(at, 0x1ea5e, "no refusal revoked the lease");
	is_ok(form->sized(small.device, lease, form->argsz + 64),
	      "an argsz larger than needed is none the worse");
	sigbus(at, "and the lease is revoked");
	unmap(at, PAGE);
	close(lease);
}

static void twice(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE);
	enum revoke_by other = form->by == BY_FEATURE ? BY_IOCTL : BY_FEATURE;

	is_ok(try_revoke(lease), "the first revoke succeeds");
	is_error(try_revoke(lease), EBADFD, "the second is EBADFD");
	is_error(lease_revoke_by(other, small.device, lease), EBADFD,
		 "so is one in the other form of the call");
	close(lease);

	lease = lease_of(small.device, BAR2, 0, PAGE);
	is_ok(lease_revoke_by(other, small.device, lease),
	      "revoked in the other form of the call");
	is_error(try_revoke(lease), EBADFD, "a lease is EBADFD in this form");
	close(lease);
}

static void after_device_close(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE);

	vfio_close_device(&small);
	small.device = vfio_device_fd(&small);
	if (small.device < 0)
		bail("cannot open the device again");
	is_error(try_revoke(lease), EBADFD,
		 "a lease from before the device's last close is EBADFD");
	close(lease);
}

void revoke_errors(const struct revoke_form *which)
{
	int fds, users;

	form = which;
	small = vfio_open(dev_small());
	fds = fds_open();
	users = module_users(OUR_MODULE);

	no_lease();
	path_only();
	other_device();
	arguments();
	twice();
	after_device_close();

	is_int(fds_open(), fds, "no call left an fd behind");
	is_int(module_users(OUR_MODULE), users,
	       "no call left a reference to the driver behind");
	vfio_close(&small);
}
