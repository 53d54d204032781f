// SPDX-License-Identifier: MIT
/*
 * How a part of a BAR is really mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>

#include "prove.h"

static const char *name_of(int memattr)
{
	if (memattr == -ERANGE)
		return "other";
	return memattr == BARLEASE_WC ? "wc" : "nc";
}

static int look(const struct barlease_device *device,
		const volatile char *first, size_t size, struct proof *proof)
{
	size_t last_size = 0;
	int ret, last;

	ret = barlease_mapped_as(device, first, &proof->page_size);
	if (ret < 0 && ret != -ERANGE)
		return ret;
	last = barlease_mapped_as(device, first + size - 1, &last_size);
	if (last < 0 && last != -ERANGE)
		return last;
	proof->memattr = ret == last ? name_of(ret) : "mixed";
	if (last_size < proof->page_size)
		proof->page_size = last_size;
	return 0;
}

int prove_range(const struct barlease_device *device, unsigned int bar,
		uint64_t offset, uint64_t size, struct proof *proof)
{
	struct barlease_alignment alignment;
	struct barlease_bar info;
	void *address;
	int ret;

	*proof = (struct proof){ .page_size = 0 };
	ret = barlease_device_bar(device, bar, &info);
	if (!ret)
		ret = barlease_alignment(device, bar, 0, &alignment);
	if (ret)
		return ret;
	ret = barlease_map(barlease_device_fd(device), info.offset + offset,
			   size, 0, &alignment, &address);
	if (ret)
		return ret;
	ret = look(device, address, size, proof);
	barlease_unmap(address, size);
	return ret;
}
