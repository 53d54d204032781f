// SPDX-License-Identifier: MIT
/*
 * Arguments at the very end of mapped memory, or in memory that is read-only
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "edge.h"
#include "lease.h"
#include "tap.h"

int edge_ioctl(int fd, unsigned long request, const void *arg, size_t mapped)
{
	uint8_t *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *end = page + PAGE;
	int ret;

	if (page == MAP_FAILED)
		bail("mmap(): %s", strerror(errno));
	/* Stays reserved, so that nothing else comes to lie there */
	mprotect(end, PAGE, PROT_NONE);
	memcpy(end - mapped, arg, mapped);

	ret = ioctl(fd, request, end - mapped);
	ret = ret < 0 ? -errno : ret;
	munmap(page, 2 * PAGE);
	return ret;
}

int edge_ioctl_rodata(int fd, unsigned long request, const void *arg,
		      size_t size)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ret;

	if (page == MAP_FAILED)
		bail("mmap(): %s", strerror(errno));
	memcpy(page, arg, size);
	mprotect(page, PAGE, PROT_READ);

	ret = ioctl(fd, request, page);
	ret = ret < 0 ? -errno : ret;
	munmap(page, PAGE);
	return ret;
}
