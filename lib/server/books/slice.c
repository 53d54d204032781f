// SPDX-License-Identifier: MIT
/*
 * What there is to be had
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

#define CAPS_NEEDED	(BARLEASE_CAN_EXPORT | BARLEASE_CAN_MMAP | \
			 BARLEASE_CAN_REVOKE)

static int check_words(const struct barlease_slice *offer)
{
	const unsigned int known = BARLEASE_READ_ONLY | BARLEASE_EXCLUSIVE |
				   BARLEASE_MSIX;

	if (!offer->name || !bl_wire_name_valid(offer->name) ||
	    (offer->group && !bl_wire_name_valid(offer->group)) ||
	    (offer->flags & ~known) ||
	    (offer->memattr != BARLEASE_NC && offer->memattr != BARLEASE_WC))
		return -EINVAL;
	return 0;
}

static int check_device(const struct barlease_device *device,
			const struct barlease_slice *offer,
			struct barlease_bar *bar)
{
	unsigned int needed = CAPS_NEEDED;
	int ret;

	if (offer->memattr == BARLEASE_WC)
		needed |= BARLEASE_CAN_MEMATTR;
	if ((barlease_device_caps(device) & needed) != needed)
		return -ENOTTY;
	ret = barlease_device_bar(device, offer->bar, bar);
	if (ret)
		return ret;
	return bar->size && bar->mappable ? 0 : -ENODEV;
}

/* Adds to @total what they have */
static int check_ranges(const struct barlease_slice *offer, uint64_t bar_size,
			uint64_t *total)
{
	const uint64_t in_page = sysconf(_SC_PAGESIZE) - 1;

	if (!offer->nr_ranges || !offer->ranges)
		return -EINVAL;
	for (size_t i = 0; i < offer->nr_ranges; i++) {
		const struct barlease_range *range = &offer->ranges[i];

		if (!range->length || ((range->offset | range->length) & in_page))
			return -EINVAL;
		if (range->offset > bar_size ||
		    range->length > bar_size - range->offset ||
		    __builtin_add_overflow(*total, range->length, total))
			return -EINVAL;
	}
	return 0;
}

static bool overlap(const struct barlease_range *a,
		    const struct barlease_range *b)
{
	return a->offset < b->offset + b->length &&
	       b->offset < a->offset + a->length;
}

/* The kernel would refuse each lease: say so at once */
static int check_msix(const struct barlease_device *device,
		      const struct barlease_slice *offer)
{
	struct barlease_range msix[BARLEASE_MSIX_RANGES];
	int nr;

	if (offer->flags & BARLEASE_MSIX)
		return 0;
	nr = barlease_device_msix(device, offer->bar, msix);
	for (int i = 0; i < nr; i++)
		for (size_t j = 0; j < offer->nr_ranges; j++)
			if (overlap(&offer->ranges[j], &msix[i]))
				return -EPERM;
	return nr < 0 ? nr : 0;
}

static int copy_ranges(struct bl_slice *slice,
		       const struct barlease_slice *offer)
{
	slice->ranges = reallocarray(NULL, offer->nr_ranges,
				     sizeof(*slice->ranges));
	if (!slice->ranges)
		return -ENOMEM;
	memcpy(slice->ranges, offer->ranges,
	       offer->nr_ranges * sizeof(*slice->ranges));
	slice->nr_ranges = offer->nr_ranges;
	return bl_extents_make(slice);
}

static int fill_in(struct bl_slice *slice, const struct barlease_device *device,
		   const struct barlease_slice *offer)
{
	memcpy(slice->name, offer->name, strlen(offer->name) + 1);
	if (offer->group)
		memcpy(slice->group, offer->group, strlen(offer->group) + 1);
	slice->device = device;
	slice->bar = offer->bar;
	slice->flags = offer->flags;
	slice->memattr = offer->memattr;
	slice->max_holders = offer->max_holders;
	slice->rivals.compare = bl_slice_compare;
	LIST_INIT(&slice->leases);
	return barlease_alignment(device, offer->bar, offer->ranges[0].offset,
				  &slice->alignment);
}

int bl_slice_new(const struct barlease_device *device,
		 const struct barlease_slice *offer, struct bl_slice **slice)
{
	struct barlease_bar bar;
	struct bl_slice *new;
	uint64_t size = 0;
	int ret;

	ret = check_words(offer);
	if (!ret)
		ret = check_device(device, offer, &bar);
	if (!ret)
		ret = check_ranges(offer, bar.size, &size);
	if (!ret)
		ret = check_msix(device, offer);
	if (ret)
		return ret;

	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->size = size;
	ret = fill_in(new, device, offer);
	if (!ret)
		ret = copy_ranges(new, offer);
	if (ret)
		bl_slice_free(new);
	else
		*slice = new;
	return ret;
}

void bl_slice_free(struct bl_slice *slice)
{
	bl_rivals_forget(slice);
	free(slice->extents);
	free(slice->ranges);
	free(slice);
}

int bl_slice_compare(const void *name, const void *slice)
{
	/* doorbell-2 comes before doorbell-10; only equal names are equal */
	return strverscmp(name, ((const struct bl_slice *)slice)->name);
}

uint32_t bl_slice_vacancies(const struct bl_slice *slice)
{
	uint32_t most = slice->max_holders ?: UINT32_MAX;

	for (size_t i = 0; i < slice->rivals.nr; i++) {
		const struct bl_slice *rival = slice->rivals.at[i];

		if (rival->holders)
			return 0;
	}
	if (slice->flags & BARLEASE_EXCLUSIVE)
		most = 1;
	if (most == UINT32_MAX)
		return most;
	return slice->holders < most ? most - slice->holders : 0;
}

void bl_slice_info(const struct bl_slice *slice,
		   struct barlease_slice_info *info)
{
	memcpy(info->name, slice->name, sizeof(info->name));
	memcpy(info->group, slice->group, sizeof(info->group));
	info->size = slice->size;
	info->flags = slice->flags & BL_WIRE_SLICE_FLAGS;
	info->memattr = slice->memattr;
	info->free = bl_slice_vacancies(slice);
}
