// SPDX-License-Identifier: MIT
/*
 * Sizes of pages: asked of the kernel, which has been built for one of them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>

#include "page.h"

#define HUGE_PAGE	"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"

/* In an entry of a page table, where addresses have 64 bits */
#define ENTRY	8

uint64_t bl_page(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* 0: the kernel does not say, or is out of sight */
static uint64_t ask_huge(void)
{
	int fd = open(HUGE_PAGE, O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 ? strtoull(text, NULL, 10) : 0;
}

/* What the last table of a walk maps; the same at any time, so it is kept. */
static uint64_t huge_page(void)
{
	static _Atomic uint64_t kept;
	uint64_t size = atomic_load_explicit(&kept, memory_order_relaxed);

	if (size)
		return size;
	size = ask_huge();
	if (size < bl_page() || size & (size - 1))
		size = bl_page() * (bl_page() / ENTRY);
	atomic_store_explicit(&kept, size, memory_order_relaxed);
	return size;
}

uint64_t bl_huge_page(uint64_t size)
{
	uint64_t huge = huge_page(), filled = huge * (bl_page() / ENTRY);

	if (size >= filled)
		return filled;
	return size >= huge ? huge : bl_page();
}

bool bl_is_hugetlbfs(const struct statfs *statfs)
{
	return (uint32_t)statfs->f_type == HUGETLBFS_MAGIC;
}

uint64_t bl_file_page(int fd)
{
	struct statfs statfs;

	if (fstatfs(fd, &statfs) || !bl_is_hugetlbfs(&statfs))
		return bl_page();
	return statfs.f_bsize;
}
