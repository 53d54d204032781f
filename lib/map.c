// SPDX-License-Identifier: MIT
/*
 * Mapping leases, where huge pages are possible
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The kernel chooses addresses without regard to where a lease lies physically.
 * So it is asked for a better place. To move a mapping there would be less
 * work, but may take a page table along, even an empty one, in which there can
 * be no large page. Nor is the place kept until then: MAP_FIXED may or may not
 * have removed a reservation when it fails, because of a revoke perhaps, and
 * nobody knows what there is to unmap, or whose it is by then.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

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

	*align = BL_PAGE_4K;
	*phase = 0;
	if (!alignment)
		return 0;
	if (alignment->align != BL_PAGE_4K && alignment->align != BL_PAGE_2M &&
	    alignment->align != BL_PAGE_1G)
		return -EINVAL;
	if (alignment->phase >= alignment->align ||
	    alignment->phase % BL_PAGE_4K)
		return -EINVAL;

	*align = fits < alignment->align ? fits : alignment->align;
	*phase = (alignment->phase + offset) % *align;
	return 0;
}

/* Addresses that are free, as aligned as wished; NULL: there are none */
static uint8_t *find_room(size_t size, uint64_t align, uint64_t phase)
{
	size_t space = size + align;
	uint8_t *start;

	start = mmap(NULL, space, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (start == MAP_FAILED)
		return NULL;
	munmap(start, space);
	return start + ((phase - (uintptr_t)start) & (align - 1));
}

struct request {
	int lease;
	uint64_t offset;
	size_t size;
	int prot;
};

/*
 * Where huge pages are possible; NULL: it cannot be. Another thread may be
 * quicker to map something there, but not often.
 */
static void *map_aligned(const struct request *request, uint64_t align,
			 uint64_t phase)
{
	for (int i = 0; i < 8; i++) {
		uint8_t *to = find_room(request->size, align, phase);
		void *at;

		if (!to)
			return NULL;
		at = mmap(to, request->size, request->prot,
			  MAP_SHARED | MAP_FIXED_NOREPLACE, request->lease,
			  request->offset);
		if (at == to)
			return at;
		/* A kernel before 4.17 takes an address for a hint. */
		if (at != MAP_FAILED)
			munmap(at, request->size);
		else if (errno != EEXIST)
			return NULL;
	}
	return NULL;
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
