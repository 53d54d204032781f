/* SPDX-License-Identifier: MIT */
/*
 * Huge pages of devices, which not every kernel has
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HUGE_H
#define HUGE_H

#include <stdbool.h>
#include <stdint.h>

#include "map.h"
#include "tap.h"

/* No kernel without those of memory has those of devices */
bool huge_pages(void);

/* A check: it is a huge page; skipped where there are none */
void is_huge(mapping_t at, const char *name, ...) TAP_PRINTF(2, 3);

/*
 * A check: so many faults, @got, are right for all of a mapping that could be in
 * huge pages. Those take @faults; where there are none each page table takes one.
 */
void is_faults(long got, long faults, mapping_t at, uint64_t size,
	       const char *name, ...) TAP_PRINTF(5, 6);

#endif
