// SPDX-License-Identifier: MIT
/*
 * Every change of protection, every advice, and locks, at every odd place of
 * mappings of 1 GiB, in 2 MiB pages and in 4 KiB pages
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"
#include "lease.h"
#include "odd.h"
#include "tap.h"

static void protect(struct odd *odd, uint64_t start, uint64_t end, int prot)
{
	odd_succeeds(odd, mprotect((void *)(odd->at + start), end - start,
				   prot));
	pieces_protect(&odd->pieces, odd->at + start, end - start, prot);
}

static void read_only(struct odd *odd, uint64_t start, uint64_t end)
{
	protect(odd, start, end, PROT_READ);
}

static void no_access(struct odd *odd, uint64_t start, uint64_t end)
{
	protect(odd, start, end, PROT_NONE);
}

/* Back again, once without an access between and once with one */
static void there_and_back(struct odd *odd, uint64_t start, uint64_t end)
{
	protect(odd, start, end, PROT_READ);
	protect(odd, start, end, RW);
	protect(odd, start, end, PROT_NONE);
	odd->refused += pieces_misread(&odd->pieces);
	protect(odd, start, end, RW);
	protect(odd, 0, odd->size, PROT_READ);
	odd->refused += pieces_misread(&odd->pieces);
	protect(odd, 0, odd->size, RW);
}

/*
 * Whatever the kernel answers, it does nothing to device memory. A different
 * one comes first at each place, and finds the mapping in one piece.
 */
static void advised(struct odd *odd, uint64_t start, uint64_t end)
{
	static const int advices[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK,
		MADV_DOFORK, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK,
		MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ,
		MADV_POPULATE_WRITE, 24 /* MADV_DONTNEED_LOCKED */,
		25 /* MADV_COLLAPSE */, 102 /* MADV_GUARD_INSTALL */,
		103 /* MADV_GUARD_REMOVE */, 12345,
	};
	const size_t n = sizeof(advices) / sizeof(*advices);
	static size_t first;

	for (size_t i = 0; i < n; i++)
		madvise((void *)(odd->at + start), end - start,
			advices[(first + i) % n]);
	first += 5;
}

static void locked(struct odd *odd, uint64_t start, uint64_t end)
{
	void *at = (void *)(odd->at + start);

	odd_succeeds(odd, mlock(at, end - start));
	odd_succeeds(odd, munlock(at, end - start));
	odd_succeeds(odd, mlock2(at, end - start, MLOCK_ONFAULT));
	odd_succeeds(odd, mlockall(MCL_CURRENT | MCL_ONFAULT));
	odd_succeeds(odd, munlockall());
}

/* The other calls that cut a mapping, or walk over one */
static void others(struct odd *odd, uint64_t start, uint64_t end)
{
	void *at = (void *)(odd->at + start);
	unsigned long size = end - start, nodes = 1;
	static unsigned char vec[GIB(1) / PAGE];

	odd_succeeds(odd, msync(at, size, MS_ASYNC | MS_INVALIDATE));
	odd_fails(odd, msync(at, size, MS_SYNC), EINVAL);
	odd_succeeds(odd, mincore(at, size, vec));
	if (kernel_has_numa())
		odd_succeeds(odd, syscall(SYS_mbind, at, size, 1ul, &nodes,
					  64ul, 0ul));
}

/* Other pages of the same file, at the place of some */
static void remapped(struct odd *odd, uint64_t start, uint64_t end)
{
	void *at = (void *)(odd->at + start);
	unsigned long size = odd_short_end(start, end) - start;

	odd_succeeds(odd, syscall(SYS_remap_file_pages, at, size, 0ul, 1ul,
				  0ul));
	pieces_unmap(&odd->pieces, odd->at + start, size);
	pieces_add(&odd->pieces, odd->at + start, size, PAGE, RW);
}

int main(void)
{
	odd_begin();
	odd_everywhere("PROT_READ", read_only);
	odd_somewhere("PROT_NONE", no_access);
	odd_somewhere("PROT_READ, PROT_NONE and back", there_and_back);
	odd_everywhere("madvise()", advised);
	odd_somewhere("mlock()", locked);
	odd_somewhere("msync(), mincore(), mbind()", others);
	if (!kernel_has_numa())
		skip("this kernel has no NUMA", "mbind() among them");
	odd_somewhere("remap_file_pages()", remapped);
	odd_end();
	return tap_done();
}
