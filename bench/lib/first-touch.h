/* SPDX-License-Identifier: MIT */
/*
 * The first access to every page of a new mapping
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef FIRST_TOUCH_H
#define FIRST_TOUCH_H

#include <stddef.h>
#include <stdint.h>

#include "map.h"
#include "report.h"
#include "side.h"

/**
 * struct touching - how BAR 2 of a device is mapped and touched
 * @dev: the device
 * @size: in bytes, from the BAR's beginning
 * @memattr: of the lease; stock vfio-pci has uncached maps only
 * @align: of the mapping's address, a power of two
 * @remainder: of the address modulo @align
 * @look: looks at the mapping afterwards; or NULL
 */
struct touching {
	struct bdf dev;
	size_t size;
	uint32_t memattr;
	size_t align;
	size_t remainder;
	void (*look)(enum side side, mapping_t at, size_t size);
};

/**
 * struct touched - what that took
 * @faults: page faults
 * @ms: time
 * @again_ms: time to do it once more, without any fault: what the accesses and
 *   the walks through the page table take
 * @times: how many times as long the first time took: what the faults take
 */
struct touched {
	struct pair faults;
	struct pair ms;
	struct pair again_ms;
	struct pair times;
};

/* Both sides, in turn, as often as there are rounds */
struct touched first_touch(const struct touching *how);
void touched_free(struct touched *touched);

#endif
