// SPDX-License-Identifier: MIT
/*
 * mmap() of leases and BARs, at addresses of the caller's choice
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>

#include "kernel.h"
#include "map.h"
#include "tap.h"

bool map_is_too_far(int error)
{
	return error == EOVERFLOW && kernel_is_32bit();
}

static mapping_t must(void *at, uint64_t offset, size_t size)
{
	if (at == MAP_FAILED && map_is_too_far(errno))
		skip_rest(NO_OTHER_BAR);
	if (at == MAP_FAILED)
		bail("mmap() of %#zx bytes at %#llx: %s", size,
		     (unsigned long long)offset, strerror(errno));
	return at;
}

mapping_t map(int fd, uint64_t offset, size_t size, int prot)
{
	return must(mmap(NULL, size, prot, MAP_SHARED, fd, offset), offset,
		    size);
}

/* Address space that nobody else gets, with the alignment wished */
static uint8_t *reserve(size_t size, size_t align, size_t remainder)
{
	size_t all = size + 2 * align;
	uint8_t *start, *at;
	uintptr_t past;

	start = (uint8_t *)must(mmap(NULL, all, PROT_NONE,
				     MAP_PRIVATE | MAP_ANONYMOUS |
				     MAP_NORESERVE, -1, 0), 0, all);
	past = ((uintptr_t)start - remainder) & (align - 1);
	at = start + (past ? align - past : 0);

	if (at > start)
		munmap(start, at - start);
	munmap(at + size, start + all - (at + size));
	return at;
}

mapping_t map_aligned(int fd, uint64_t offset, size_t size, int prot,
		      size_t align, size_t remainder)
{
	uint8_t *at = reserve(size, align, remainder);

	if (fd < 0)
		return at;
	return must(mmap(at, size, prot, MAP_SHARED | MAP_FIXED, fd, offset),
		    offset, size);
}

mapping_t map_bar(const struct vfio *vfio, unsigned int index, uint64_t offset,
		  size_t size)
{
	return map(vfio->device, vfio_region(vfio, index).offset + offset, size,
		   RW);
}

int try_map(int fd, uint64_t offset, size_t size, int prot, int flags)
{
	void *at = mmap(NULL, size, prot, flags, fd, offset);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, size);
	return 0;
}

int try_protect(mapping_t at, size_t size, int prot)
{
	return mprotect((void *)at, size, prot) ? -errno : 0;
}

void unmap(mapping_t at, size_t size)
{
	if (munmap((void *)at, size))
		bail("munmap() of %#zx bytes: %s", size, strerror(errno));
}
