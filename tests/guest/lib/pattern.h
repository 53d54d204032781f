/* SPDX-License-Identifier: MIT */
/*
 * Words that tell where in a BAR they are
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdint.h>

#include "map.h"
#include "vfio.h"

/* Never 0 and never all ones, which is what a missing device answers */
uint32_t pattern(uint64_t bar_offset, uint32_t seed);

/* Write the pattern every @stride bytes, through the device's own BAR map */
void pattern_fill(const struct vfio *vfio, unsigned int bar, uint64_t offset,
		  uint64_t size, uint64_t stride, uint32_t seed);

/*
 * How many words, of those every @stride bytes, are not the pattern of the BAR
 * from @bar_offset on
 */
uint64_t pattern_errors(mapping_t at, uint64_t bar_offset, uint64_t size,
			uint64_t stride, uint32_t seed);

#endif
