/* SPDX-License-Identifier: MIT */
/*
 * Sizes of pages
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_PAGE_H
#define LIB_PAGE_H

#include <stdbool.h>
#include <stdint.h>

/* The smallest of any machine, for what comes from another one */
#define BL_LEAST_PAGE	4096u

/* This machine's */
uint64_t bl_page(void);

/*
 * What to align to, for as large pages as fit into @size bytes: what one page
 * fault can fill with huge pages (1 GiB where pages have 4 KiB), else a huge page
 * (2 MiB), else a page
 */
uint64_t bl_huge_page(uint64_t size);

/*
 * What a file in memory can be mapped in multiples of: its own pages, which are huge
 * ones where it was asked for those. The kernel maps no part of such a page: it takes a
 * length for the next multiple, and unmaps nothing by one that is none.
 */
uint64_t bl_file_page(int fd);

struct statfs;

/* Its magic number has the highest of 32 bits, which is a sign where words have no more */
bool bl_is_hugetlbfs(const struct statfs *statfs);

#endif
