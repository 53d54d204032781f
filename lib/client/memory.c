// SPDX-License-Identifier: MIT
/*
 * Memory as a device can be let reach it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "page.h"
#include "public.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* In pages of the kind that it has, all of them there, and never fewer */
static int fill(int fd, size_t *size)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return -errno;
	*size = (*size + stat.st_blksize - 1) / stat.st_blksize *
		stat.st_blksize;
	if (fallocate(fd, 0, 0, *size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	return 0;
}

/*
 * In huge pages so far as the kernel finds some: whatever maps it, for a process or a
 * device, has one entry then in place of hundreds.
 */
static int make(struct barlease_memory *memory)
{
	struct barlease_alignment alignment = { 0 };
	int ret = fill(memory->fd, &memory->size);

	if (ret)
		return ret;
	alignment.align = bl_huge_page(memory->size);
	ret = barlease_map(memory->fd, 0, memory->size, 0, &alignment,
			   &memory->at);
	if (ret)
		return ret;
	madvise(memory->at, memory->size, MADV_COLLAPSE);
	madvise(memory->at, memory->size, MADV_POPULATE_WRITE);
	return 0;
}

int barlease_memory_new(size_t size, unsigned int flags,
			struct barlease_memory *memory)
{
	struct barlease_memory new = { .size = size };
	unsigned int how = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int ret;

	if (!size || size > SSIZE_MAX || flags & ~BARLEASE_HUGE)
		return -EINVAL;
	if (flags & BARLEASE_HUGE)
		how |= MFD_HUGETLB;
	new.fd = memfd_create("barlease", how);
	if (new.fd < 0)
		return -errno;
	ret = make(&new);
	if (ret) {
		close(new.fd);
		/* What fallocate() says where there are too few huge pages */
		return ret == -ENOSPC ? -ENOMEM : ret;
	}
	*memory = new;
	return 0;
}

void barlease_memory_free(struct barlease_memory *memory)
{
	munmap(memory->at, memory->size);
	close(memory->fd);
}
