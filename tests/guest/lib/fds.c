// SPDX-License-Identifier: MIT
/*
 * File descriptors of this process, and use of the module
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <linux/udmabuf.h>

#include "fds.h"
#include "lease.h"
#include "sysfs.h"
#include "tap.h"

int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		bail("/proc/self/fd: %s", strerror(errno));
	while (readdir(dir))
		n++;
	closedir(dir);
	/* ".", ".." and the directory's own */
	return n - 3;
}

void fds_allow(unsigned int count)
{
	struct rlimit limit = { count, count };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		bail("cannot allow %u open files: %s", count, strerror(errno));
}

int fd_closed(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

int module_users(const char *module)
{
	char path[256], text[32];
	int ret;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	ret = file_read(path, text, sizeof(text));
	return ret ? ret : atoi(text);
}

static int sealed_memory(size_t size)
{
	int fd = memfd_create("udmabuf", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		bail("memfd_create(): %s", strerror(errno));
	return fd;
}

int foreign_dmabuf(void)
{
	struct udmabuf_create create = { .size = PAGE };
	int udmabuf = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int fd;

	if (udmabuf < 0)
		bail("/dev/udmabuf: %s", strerror(errno));
	create.memfd = sealed_memory(create.size);
	create.flags = UDMABUF_FLAGS_CLOEXEC;
	fd = ioctl(udmabuf, UDMABUF_CREATE, &create);
	if (fd < 0)
		bail("UDMABUF_CREATE: %s", strerror(errno));
	close(create.memfd);
	close(udmabuf);
	return fd;
}
