// SPDX-License-Identifier: MIT
/*
 * A client without privileges has its lease, and no way to the device: no VFIO
 * file is open in it, and it can open none
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "broker-lib.h"
#include "kernel.h"
#include "tap.h"

#define MOST_NODES	64

static char nodes[MOST_NODES][64];
static int nr_nodes;

/* The container gives nothing without a group, and is open to everybody. */
static int add_node(const char *path, const struct stat *stat, int type,
		    struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_F || !S_ISCHR(stat->st_mode) ||
	    !strcmp(path, "/dev/vfio/vfio"))
		return 0;
	if (nr_nodes == MOST_NODES)
		bail("more nodes than expected");
	snprintf(nodes[nr_nodes++], sizeof(nodes[0]), "%s", path);
	return 0;
}

static void find_nodes(void)
{
	nftw("/dev/vfio", add_node, 8, FTW_PHYS);
	ok(nr_nodes > 0, "there are nodes of VFIO: %d", nr_nodes);
	if (kernel_has_iommufd())
		snprintf(nodes[nr_nodes++], sizeof(nodes[0]), "/dev/iommu");
}

/* How many of the files of a process have this in their name */
static int files_named(pid_t pid, const char *part)
{
	char path[64], target[256];
	struct dirent *entry;
	int found = 0;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		bail("%s: %s", path, strerror(errno));
	while ((entry = readdir(dir))) {
		n = readlinkat(dirfd(dir), entry->d_name, target,
			       sizeof(target) - 1);
		if (n <= 0)
			continue;
		target[n] = '\0';
		found += !!strstr(target, part);
	}
	closedir(dir);
	return found;
}

static int maps_named(pid_t pid, const char *part)
{
	char path[64], line[512];
	int found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		bail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		found += !!strstr(line, part);
	fclose(file);
	return found;
}

static void has_none(pid_t broker, pid_t worker)
{
	ok(files_named(broker, "vfio") > 0,
	   "the broker has files of VFIO open, and this test sees them");
	is_int(files_named(worker, "vfio") + files_named(worker, "iommu"), 0,
	       "the worker has none");
	is_int(files_named(worker, "/dmabuf:"), 1, "it has its DMABUF");
	is_int(maps_named(worker, "vfio"), 0, "it maps none");
	is_int(maps_named(worker, "/dmabuf:page"), 1, "it maps its DMABUF");
}

/* In the worker; args: which node, flags. The error */
static long open_node(int fd, const long *args)
{
	int new = open(nodes[args[0]], args[1] | O_CLOEXEC);

	(void)fd;
	if (new < 0)
		return -errno;
	close(new);
	return 0;
}

static void opens_none(const struct peer *worker)
{
	static const int flags[] = { O_RDWR, O_RDONLY, O_WRONLY };
	int refused = 0;

	for (int i = 0; i < nr_nodes; i++)
		for (int j = 0; j < 3; j++)
			refused += client_call(worker, open_node, i, flags[j]) == -EACCES;
	is_int(refused, 3 * nr_nodes,
	       "each that it tries to open is EACCES, in any mode");
}

static long container_gives(int fd, const long *args)
{
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	long ret;

	(void)fd;
	(void)args;
	if (container < 0)
		return -errno;
	ret = ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ? -errno : 0;
	close(container);
	return ret;
}

static long open_files_of(int fd, const long *args)
{
	char path[64];
	int new;

	(void)fd;
	snprintf(path, sizeof(path), "/proc/%ld/fd/3", args[0]);
	new = open(path, O_RDWR | O_CLOEXEC);
	return new < 0 ? -errno : 0;
}

static long pidfd_steal(int fd, const long *args)
{
	int pidfd = syscall(SYS_pidfd_open, args[0], 0);
	long ret;

	(void)fd;
	if (pidfd < 0)
		return -errno;
	ret = syscall(SYS_pidfd_getfd, pidfd, args[1], 0);
	ret = ret < 0 ? -errno : ret;
	close(pidfd);
	return ret;
}

/* The lease's fd, as any fd of the worker's that is a DMABUF */
static int lease_fd(void)
{
	char path[64], target[64] = "";

	for (int fd = 3; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof(target) - 1) > 0 &&
		    !strncmp(target, "/dmabuf:", 8))
			return fd;
	}
	return -1;
}

static long ask_lease(int fd, const long *args)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	(void)fd;
	(void)args;
	return ioctl(lease_fd(), VFIO_DEVICE_GET_INFO, &info) ? -errno : 0;
}

static long reopen_lease(int fd, const long *args)
{
	char path[64];
	int new;

	(void)fd;
	(void)args;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", lease_fd());
	new = open(path, O_RDWR | O_CLOEXEC);
	return new < 0 ? -errno : 0;
}

static void no_way_around(const struct peer *worker, pid_t broker)
{
	is_error(client_call(worker, container_gives, 0), EINVAL,
		 "a container without a group is good for nothing: EINVAL");
	is_error(client_call(worker, open_files_of, broker), EACCES,
		 "it cannot open what the broker has open: EACCES");
	is_error(client_call(worker, pidfd_steal, broker, 3), EPERM,
		 "nor take one of them: EPERM");
	is_error(client_call(worker, ask_lease, 0), ENOTTY,
		 "its lease is no device: ENOTTY");
	is_error(client_call(worker, reopen_lease, 0), EACCES,
		 "and cannot be opened in another mode: EACCES");
}

int main(void)
{
	struct peer worker;
	pid_t broker;

	broker_set_up();
	broker_configure("[device %s]\n[slice page]\nbar=2\nranges=0+4K\n"
			 "users=worker1\n", dev_small().name);
	broker = broker_start();
	find_nodes();
	worker = client_process(1001);
	is_int(client_call(&worker, client_connect, 0), 0, "a worker connects");
	is_ok(client_call(&worker, client_acquire, (long)"page", 0),
	      "it gets a lease");
	is_int(client_call(&worker, client_write, 0, 0xcafe), 0, "writes to it");
	is_int(client_call(&worker, client_read, 0), 0xcafe, "and reads that");
	has_none(broker, worker.pid);
	opens_none(&worker);
	no_way_around(&worker, broker);
	is_int(client_call(&worker, client_read, 0), 0xcafe,
	       "all the while, it has its lease");
	peer_stop(&worker);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	return tap_done();
}
