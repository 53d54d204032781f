// SPDX-License-Identifier: MIT
/*
 * Mapping leases, where huge pages are possible
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The kernel chooses addresses without regard to where a lease lies physically.
 * So a better place is reserved, and the lease is mapped over the reservation.
 * (To move a mapping there would take its page table along, even an empty one,
 * and where there is a page table there can be no large page.)
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "page.h"
#include "public.h"

/*
 * A page larger than the mapping cannot be had, so addresses that are good for
 * one need not be looked for.
 */
static int effective(const struct barlease_alignment *alignment, uint64_t offset,
		     size_t size, uint64_t *align, uint64_t *phase)
{
	uint64_t fits = bl_huge_page(size);

	*align = bl_page();
	*phase = 0;
	if (!alignment)
		return 0;
	/* Any that a server may say, whatever the pages where it is */
	if (alignment->align < BL_LEAST_PAGE ||
	    alignment->align & (alignment->align - 1))
		return -EINVAL;
	if (alignment->phase >= alignment->align ||
	    alignment->phase % BL_LEAST_PAGE)
		return -EINVAL;

	*align = fits < alignment->align ? fits : alignment->align;
	*phase = (alignment->phase + offset) % *align;
	return 0;
}

/* Addresses that nobody else gets, as aligned as wished; NULL: there are none */
static uint8_t *reserve(size_t size, uint64_t align, uint64_t phase)
{
	size_t space = size + align, skip;
	uint8_t *start;

	start = mmap(NULL, space, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED)
		return NULL;

	skip = (phase - (uintptr_t)start) & (align - 1);
	if (skip)
		munmap(start, skip);
	munmap(start + skip + size, align - skip);
	return start + skip;
}

struct request {
	int lease;
	uint64_t offset;
	size_t size;
	int prot;
};

/*
 * Where huge pages are possible; NULL: it cannot be. This lease could be mapped
 * a moment ago: what fails now is one that was revoked since. The reservation
 * may or may not be there then, or be somebody else's. So it is left alone.
 */
static void *map_aligned(const struct request *request, uint64_t align,
			 uint64_t phase)
{
	size_t page = getpagesize();
	void *to, *at;

	to = reserve((request->size + page - 1) & ~(page - 1), align, phase);
	if (!to)
		return NULL;
	at = mmap(to, request->size, request->prot, MAP_SHARED | MAP_FIXED,
		  request->lease, request->offset);
	return at == MAP_FAILED ? NULL : at;
}

int barlease_map(int lease, uint64_t offset, size_t size, unsigned int flags,
		 const struct barlease_alignment *alignment, void **address)
{
	struct request request = {
		.lease = lease,
		.offset = offset,
		.size = size,
		.prot = flags & BARLEASE_READ_ONLY ? PROT_READ :
						     PROT_READ | PROT_WRITE,
	};
	uint64_t align, phase;
	void *at, *better;

	if (flags & ~BARLEASE_READ_ONLY ||
	    effective(alignment, offset, size, &align, &phase))
		return -EINVAL;

	at = mmap(NULL, size, request.prot, MAP_SHARED, lease, offset);
	if (at == MAP_FAILED)
		return -errno;
	if ((uintptr_t)at % align != phase) {
		better = map_aligned(&request, align, phase);
		if (better) {
			munmap(at, size);
			at = better;
		}
	}
	*address = at;
	return 0;
}

int barlease_unmap(void *address, size_t size)
{
	return munmap(address, size) ? -errno : 0;
}
