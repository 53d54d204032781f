// SPDX-License-Identifier: MIT
/*
 * edu-accel: jobs of the edu device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <linux/sync_file.h>

#include "accel.h"
#include "clock.h"
#include "kernel.h"
#include "tap.h"

/* Only where the kernel has what a driver of accelerators needs */
static bool is_there(const char *driver)
{
	struct utsname system;
	char path[256];

	uname(&system);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/%s.ko",
		 system.release, driver);
	return !access(path, F_OK);
}

/* Of a module that an earlier test has loaded, and left: "name=value" */
static int set_parameter(const char *driver, const char *parameter)
{
	char path[128], module[64];
	const char *value = strchr(parameter, '=');

	snprintf(module, sizeof(module), "%s", driver);
	for (char *c = module; *c; c++)
		*c = *c == '-' ? '_' : *c;
	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%.*s", module,
		 (int)(value - parameter), parameter);
	return file_write(path, value + 1);
}

void accel_bind(const char *driver, const char *parameter)
{
	int ret;

	if (!is_there(driver))
		skip_all("this kernel has no accelerators (DRM_ACCEL)", driver);
	ret = module_load(driver, parameter);
	if (!ret && parameter)
		ret = set_parameter(driver, parameter);
	if (ret)
		bail("modprobe %s: %d", driver, ret);
	ret = pci_bind(dev_edu(), driver);
	if (ret)
		bail("edu and %s: %s", driver, strerror(-ret));
}

void accel_unbind(void)
{
	int ret = pci_bind(dev_edu(), OUR_DRIVER);

	if (ret)
		bail("edu and %s: %s", OUR_DRIVER, strerror(-ret));
}

const char *accel_node(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "/dev/accel/%s",
		 pci_class_device(dev_edu(), "accel", "accel"));
	return path;
}

int accel_open(void)
{
	const char *path = accel_node();
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail("%s: %s", path, strerror(errno));
	return fd;
}

static int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int accel_create(int accel, size_t size)
{
	struct drm_edu_accel_bo_create create = { .size = size };
	int ret = call(accel, DRM_IOCTL_EDU_ACCEL_BO_CREATE, &create);

	return ret ? ret : (int)create.handle;
}

int accel_import(int accel, int dmabuf)
{
	struct drm_prime_handle prime = { .fd = dmabuf };
	int ret = call(accel, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);

	return ret ? ret : (int)prime.handle;
}

int accel_close_handle(int accel, uint32_t handle)
{
	struct drm_gem_close args = { .handle = handle };

	return call(accel, DRM_IOCTL_GEM_CLOSE, &args);
}

int accel_buffer(int accel, size_t size, mapping_t *at)
{
	struct drm_edu_accel_bo_create create = { .size = size };
	int ret = call(accel, DRM_IOCTL_EDU_ACCEL_BO_CREATE, &create);

	if (ret)
		bail("a buffer of %zu bytes: %s", size, strerror(-ret));
	*at = map(accel, create.offset, size, RW);
	return create.handle;
}

int accel_submit(int accel, const struct drm_edu_accel_submit *submit)
{
	struct drm_edu_accel_submit args = *submit;

	return call(accel, DRM_IOCTL_EDU_ACCEL_SUBMIT, &args);
}

int accel_copy(int accel, const struct drm_edu_accel_copy *copies, unsigned int n,
	       uint32_t out)
{
	struct drm_edu_accel_submit submit = {
		.copies = (uintptr_t)copies, .nr_copies = n, .out_sync = out,
	};

	return accel_submit(accel, &submit);
}

int accel_move(int accel, uint32_t from, uint64_t from_offset, uint32_t to,
	       uint64_t to_offset, uint32_t size, uint32_t out)
{
	const struct drm_edu_accel_copy copies[] = {
		{ .handle = from, .offset = from_offset, .size = size,
		  .direction = EDU_ACCEL_TO_DEVICE },
		{ .handle = to, .offset = to_offset, .size = size,
		  .direction = EDU_ACCEL_FROM_DEVICE },
	};

	return accel_copy(accel, copies, 2, out);
}

uint32_t sync_create(int accel)
{
	struct drm_syncobj_create create = { 0 };
	int ret = call(accel, DRM_IOCTL_SYNCOBJ_CREATE, &create);

	if (ret)
		bail("a syncobj: %s", strerror(-ret));
	return create.handle;
}

void sync_destroy(int accel, uint32_t sync)
{
	struct drm_syncobj_destroy destroy = { .handle = sync };
	int ret = call(accel, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy);

	if (ret)
		bail("syncobj %u: %s", sync, strerror(-ret));
}

int sync_file(int accel, uint32_t sync)
{
	struct drm_syncobj_handle args = {
		.handle = sync,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
		.fd = -1,
	};
	int ret = call(accel, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);

	if (ret)
		bail("a sync_file of syncobj %u: %s", sync, strerror(-ret));
	return args.fd;
}

int sync_file_status(int file)
{
	struct sync_file_info info = { 0 };
	struct pollfd wait = { .fd = file, .events = POLLIN };
	int ret;

	if (poll(&wait, 1, PATIENCE_MS) != 1)
		return -EINPROGRESS;
	ret = call(file, SYNC_IOC_FILE_INFO, &info);
	return ret ? ret : info.status;
}

int sync_status(int accel, uint32_t sync)
{
	int file = sync_file(accel, sync), status = sync_file_status(file);

	close(file);
	return status;
}

/* accel_debugfs is a directory of its own on some kernels, and DRM's on others */
static void debugfs(const char *file, char *path, size_t size)
{
	static const char *const roots[] = { "accel", "dri" };

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, size, "/sys/kernel/debug/%s/%s/%s", roots[i],
			 dev_edu().name, file);
		if (!access(path, F_OK))
			return;
	}
	bail("there is no debugfs file %s", file);
}

long accel_stat(const char *name)
{
	char path[256], word[64];
	long value;
	FILE *file;

	debugfs("stats", path, sizeof(path));
	file = fopen(path, "re");
	if (!file)
		bail("%s: %s", path, strerror(errno));
	while (fscanf(file, "%63s %ld", word, &value) == 2) {
		if (!strcmp(word, name)) {
			fclose(file);
			return value;
		}
	}
	bail("%s has no %s", path, name);
}

void accel_order(const char *what, unsigned int times)
{
	char path[256], text[32];
	int ret;

	debugfs(what, path, sizeof(path));
	snprintf(text, sizeof(text), "%u", times);
	ret = file_write(path, text);
	if (ret)
		bail("%s: %s", path, strerror(-ret));
}

int accel_usage(void)
{
	char text[32];
	int ret = pci_read(dev_edu(), "power/runtime_usage", text,
			   sizeof(text));

	if (ret)
		bail("power/runtime_usage: %s", strerror(-ret));
	return atoi(text);
}

bool accel_is_suspended(void)
{
	char text[32];

	return !pci_read(dev_edu(), "power/runtime_status", text,
			 sizeof(text)) && !strcmp(text, "suspended");
}
