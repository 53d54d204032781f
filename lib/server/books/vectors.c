// SPDX-License-Identifier: MIT
/*
 * Which slice has which interrupts, and who is told of them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>

#include "books.h"

/* All of the device's are switched on by the first slice that has some */
int bl_vectors_check(const struct barlease_device *device,
		     const struct barlease_slice *offer,
		     enum barlease_interrupt_kind *kind)
{
	struct barlease_interrupts interrupts;
	unsigned int there;
	int ret;

	*kind = BARLEASE_NO_INTERRUPTS;
	if (!offer->nr_vectors)
		return offer->first_vector ? -EINVAL : 0;
	ret = barlease_device_interrupts(device, &interrupts);
	if (!ret)
		ret = barlease_device_enable_interrupts(device);
	if (ret < 0)
		return ret;
	there = ret;
	if (offer->first_vector >= there ||
	    offer->nr_vectors > there - offer->first_vector)
		return -EINVAL;
	*kind = interrupts.kind;
	return 0;
}

bool bl_vectors_clash(const struct bl_slice *a, const struct bl_slice *b)
{
	return a->device == b->device &&
	       a->first_vector < b->first_vector + b->nr_vectors &&
	       b->first_vector < a->first_vector + a->nr_vectors;
}

static void set_armed(struct bl_lease *lease, uint32_t vector, bool armed)
{
	lease->nr_armed += armed;
	lease->nr_armed -= lease->armed[vector];
	lease->armed[vector] = armed;
}

/* It is taken away with the vector's own, so it is nothing without that */
static int set_unmask(const struct bl_lease *lease, uint32_t vector, int fd)
{
	if (lease->armed[vector])
		return barlease_device_set_unmask(lease->device, fd);
	return fd < 0 ? 0 : -EINVAL;
}

/* Is there such a one, and room to say what it is? */
static int check_vector(struct bl_lease *lease, uint32_t vector)
{
	const struct bl_slice *slice = lease->slice;

	if (vector >= slice->nr_vectors)
		return -EINVAL;
	if (!lease->armed)
		lease->armed = calloc(slice->nr_vectors, sizeof(bool));
	return lease->armed ? 0 : -ENOMEM;
}

int bl_lease_arm(struct bl_lease *lease, uint32_t vector, uint32_t flags, int fd)
{
	const struct bl_slice *slice = lease->slice;
	int ret = check_vector(lease, vector);

	if (ret)
		return ret;
	if (flags & BL_WIRE_UNMASK)
		return set_unmask(lease, vector, fd);
	/* Where one cannot take the place of another, none may be left there */
	if (fd >= 0)
		set_armed(lease, vector, true);
	else if (!lease->armed[vector])
		return 0;
	ret = barlease_device_set_interrupt(lease->device,
					    slice->first_vector + vector, fd);
	if (!ret && fd < 0)
		set_armed(lease, vector, false);
	return ret;
}

/* To take away one that is not there is no error. */
int bl_lease_was_armed(struct bl_lease *lease, uint32_t vector)
{
	int ret = check_vector(lease, vector);

	if (!ret)
		set_armed(lease, vector, true);
	return ret;
}

int bl_lease_disarm(struct bl_lease *lease)
{
	int ret, error = 0;

	for (uint32_t i = 0; lease->nr_armed && i < lease->slice->nr_vectors;
	     i++) {
		ret = bl_lease_arm(lease, i, 0, -1);
		error = error ?: ret;
	}
	return error;
}
