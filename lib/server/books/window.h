/* SPDX-License-Identifier: MIT */
/*
 * Which addresses of a device are for which slice's memory
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A slice has its window for as long as it is on offer, and no other slice of the
 * same address space has any of it: so a queue that goes on after its holder has gone
 * meets nobody else's memory, but that of the slice's next holder.
 */
#ifndef LIB_WINDOW_H
#define LIB_WINDOW_H

#include <stdint.h>
#include <sys/queue.h>

#include "room.h"

struct bl_address_space;
struct bl_slice;

LIST_HEAD(bl_address_spaces, bl_address_space);

/**
 * struct bl_window - addresses for one slice's memory
 * @taken: of its address space
 * @granule: what pieces in it are multiples of
 */
struct bl_window {
	struct bl_taken taken;
	struct bl_address_space *space;
	uint64_t granule;
};

/*
 * Gives a slice one. Return: 0, also where it needs none; -EOPNOTSUPP its device has
 * no address space; -ENOSPC no room there; -EINVAL its size is no multiple of what
 * there is; -ENOMEM; errors of ioctl()
 */
int bl_window_get(struct bl_address_spaces *spaces, struct bl_slice *slice);
void bl_window_put(struct bl_slice *slice);

#endif
