/* SPDX-License-Identifier: MIT */
/*
 * Sizes of pages
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_PAGE_H
#define LIB_PAGE_H

#include <stdint.h>

#define BL_PAGE_4K	(1ull << 12)
#define BL_PAGE_2M	(1ull << 21)
#define BL_PAGE_1G	(1ull << 30)

/* The largest page that fits into @size bytes, else BL_PAGE_4K */
uint64_t bl_huge_page(uint64_t size);

#endif
