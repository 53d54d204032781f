// SPDX-License-Identifier: MIT
/*
 * Words that tell where in a BAR they are
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "access.h"
#include "pattern.h"

uint32_t pattern(uint64_t bar_offset, uint32_t seed)
{
	uint32_t value = (uint32_t)(bar_offset >> 2) + seed * 0x9e3779b9u;

	value = (value ^ (value >> 16)) * 0x85ebca6bu;
	value = (value ^ (value >> 13)) * 0xc2b2ae35u;
	value ^= value >> 16;
	return value == 0 || value == ~0u ? 0x5eed : value;
}

void pattern_fill(const struct vfio *vfio, unsigned int bar, uint64_t offset,
		  uint64_t size, uint64_t stride, uint32_t seed)
{
	mapping_t at = map_bar(vfio, bar, offset, size);

	for (uint64_t i = 0; i < size; i += stride)
		*(volatile uint32_t *)(at + i) = pattern(offset + i, seed);
	unmap(at, size);
}

uint64_t pattern_errors(mapping_t at, uint64_t bar_offset, uint64_t size,
			uint64_t stride, uint32_t seed)
{
	uint64_t errors = 0;

	for (uint64_t i = 0; i < size; i += stride) {
		uint32_t value;

		if (!read32(at + i, &value) ||
		    value != pattern(bar_offset + i, seed))
			errors++;
	}
	return errors;
}
