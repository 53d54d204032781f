// SPDX-License-Identifier: MIT
/*
 * A slice: whether it can be offered, and what is told of it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "books.h"
#include "wire/wire.h"

#define CAPS_NEEDED	(BARLEASE_CAN_EXPORT | BARLEASE_CAN_MMAP | \
			 BARLEASE_CAN_REVOKE)

static int check_words(const struct barlease_slice *offer)
{
	const unsigned int known = BARLEASE_READ_ONLY | BARLEASE_EXCLUSIVE |
				   BARLEASE_MSIX | BARLEASE_RESET |
				   BARLEASE_ONES;

	for (size_t i = 0; i < sizeof(offer->reserved) / 8; i++)
		if (offer->reserved[i])
			return -EINVAL;
	if (!offer->name || !bl_wire_name_valid(offer->name) ||
	    (offer->group && !bl_wire_name_valid(offer->group)) ||
	    (offer->flags & ~known) ||
	    (offer->memattr != BARLEASE_NC && offer->memattr != BARLEASE_WC))
		return -EINVAL;
	return offer->grace > BL_TERM_MAX || offer->max_term > BL_TERM_MAX ?
		       -EINVAL : 0;
}

/* What only one holder can have, with sizes that make sense */
static int check_queue(const struct barlease_slice *offer)
{
	const uint64_t in_page = sysconf(_SC_PAGESIZE) - 1;

	if ((offer->nr_vectors || offer->dma) &&
	    !(offer->flags & BARLEASE_EXCLUSIVE))
		return -EINVAL;
	if (!offer->dma && (offer->dma_align || offer->dma_base))
		return -EINVAL;
	if (offer->dma & in_page || offer->dma > INT64_MAX ||
	    offer->dma_base > INT64_MAX || offer->dma_align > INT64_MAX)
		return -EINVAL;
	return offer->dma_align & (offer->dma_align - 1) ? -EINVAL : 0;
}

static int check_device(const struct barlease_device *device,
			const struct barlease_slice *offer,
			struct barlease_bar *bar)
{
	const uint64_t in_page = sysconf(_SC_PAGESIZE) - 1;
	unsigned int needed = CAPS_NEEDED;
	int ret;

	if (offer->memattr == BARLEASE_WC)
		needed |= BARLEASE_CAN_MEMATTR;
	if (offer->flags & BARLEASE_ONES)
		needed |= BARLEASE_CAN_PAUSE;
	if ((barlease_device_caps(device) & needed) != needed)
		return -ENOTTY;
	ret = barlease_device_bar(device, offer->bar, bar);
	if (ret)
		return ret;
	/* One of less than a page is leased as the page that it has. */
	bar->size = (bar->size + in_page) & ~in_page;
	if (!bar->size || !bar->mappable)
		return -ENODEV;
	if (offer->flags & BARLEASE_RESET && !barlease_device_can_reset(device))
		return -EOPNOTSUPP;
	return 0;
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
		memcpy(slice->group_name, offer->group,
		       strlen(offer->group) + 1);
	slice->device = device;
	slice->bar = offer->bar;
	slice->flags = offer->flags;
	slice->memattr = offer->memattr;
	slice->max_holders = offer->max_holders;
	slice->per_user = offer->per_user;
	slice->context = offer->context;
	slice->first_vector = offer->first_vector;
	slice->nr_vectors = offer->nr_vectors;
	slice->dma = offer->dma;
	slice->dma_align = offer->dma_align;
	slice->dma_base = offer->dma_base;
	slice->grace = offer->grace;
	slice->max_term = offer->max_term;
	LIST_INIT(&slice->leases);
	return barlease_alignment(device, offer->bar, offer->ranges[0].offset,
				  &slice->alignment);
}

int bl_slice_new(const struct barlease_device *device,
		 const struct barlease_slice *offer, struct bl_slice **slice)
{
	enum barlease_interrupt_kind kind;
	struct barlease_bar bar;
	struct bl_slice *new;
	uint64_t size = 0;
	int ret;

	ret = check_words(offer);
	if (!ret)
		ret = check_queue(offer);
	if (!ret)
		ret = check_device(device, offer, &bar);
	if (!ret)
		ret = check_ranges(offer, bar.size, &size);
	if (!ret)
		ret = check_msix(device, offer);
	if (!ret)
		ret = bl_vectors_check(device, offer, &kind);
	if (ret)
		return ret;

	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->size = size;
	new->interrupt_kind = kind;
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
	bl_window_put(slice);
	free(slice->extents);
	free(slice->ranges);
	free(slice);
}

void bl_slice_drop(struct bl_slice *slice)
{
	slice->removed = true;
	if (slice->freed)
		LIST_REMOVE(slice, of_freed);
	slice->freed = false;
	/* What it points to is gone, as far as the server knows */
	slice->context = NULL;
	if (slice->holders)
		return;
	bl_map_remove(slice);
	bl_map_put(slice);
	bl_slice_free(slice);
}

static bool same_ranges(const struct bl_slice *a, const struct bl_slice *b)
{
	return a->nr_ranges == b->nr_ranges &&
	       !memcmp(a->ranges, b->ranges,
		       a->nr_ranges * sizeof(*a->ranges));
}

static bool same_queue(const struct bl_slice *a, const struct bl_slice *b)
{
	return a->first_vector == b->first_vector &&
	       a->nr_vectors == b->nr_vectors && a->dma == b->dma &&
	       a->dma_align == b->dma_align && a->dma_base == b->dma_base;
}

bool bl_slice_same(const struct bl_slice *a, const struct bl_slice *b)
{
	return !strcmp(a->name, b->name) && a->device == b->device &&
	       a->bar == b->bar && a->flags == b->flags &&
	       a->memattr == b->memattr &&
	       !strcmp(a->group_name, b->group_name) && same_ranges(a, b) &&
	       same_queue(a, b);
}

uint32_t bl_slice_vacancies(struct bl_slice *slice)
{
	uint32_t most = slice->max_holders ?: UINT32_MAX;

	if (slice->flags & BARLEASE_EXCLUSIVE)
		most = 1;
	if (slice->holders >= most || bl_map_excludes(slice))
		return 0;
	return most == UINT32_MAX ? most : most - slice->holders;
}

void bl_slice_info(struct bl_slice *slice, struct barlease_slice_info *info)
{
	*info = (struct barlease_slice_info){
		.size = slice->size,
		.flags = slice->flags & BL_WIRE_SLICE_FLAGS,
		.memattr = slice->memattr,
		.free = bl_slice_vacancies(slice),
		.interrupts = slice->nr_vectors,
		.interrupt_kind = slice->interrupt_kind,
		.dma = slice->dma,
	};
	memcpy(info->name, slice->name, sizeof(info->name));
	memcpy(info->group, slice->group_name, sizeof(info->group));
}
