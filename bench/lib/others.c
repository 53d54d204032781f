// SPDX-License-Identifier: MIT
/*
 * Many other buffers of a device, each mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lease.h"
#include "others.h"
#include "pagetable.h"
#include "tap.h"

#define SIZE	(OTHERS_MAX * PAGE)

struct others others_of(int device)
{
	void *at = mmap(NULL, SIZE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		bail("mmap(): %s", strerror(errno));
	return (struct others){ device, at, 0 };
}

void others_map(struct others *others, unsigned int nr)
{
	for (; others->nr < nr; others->nr++) {
		size_t offset = others->nr * PAGE;
		void *at = (void *)(others->at + offset);
		int lease = lease_of(others->device, BAR2, offset, PAGE);

		if (mmap(at, PAGE, RW, MAP_SHARED | MAP_FIXED, lease, 0) != at)
			bail("mmap() of lease %u: %s", others->nr,
			     strerror(errno));
		close(lease);
		*(volatile uint32_t *)at;
	}
}

unsigned int others_lost(const struct others *others)
{
	if (!others->nr)
		return 0;
	return others->nr - pages_present(others->at, others->nr * PAGE);
}

void others_unmap(struct others *others)
{
	unmap(others->at, SIZE);
	others->at = NULL;
	others->nr = 0;
}
