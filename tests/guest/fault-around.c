// SPDX-License-Identifier: MIT
/*
 * Where no huge page fits, one fault fills all that a page table has of a
 * mapping, and nothing else
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "faults.h"
#include "huge.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "tap.h"

#define SEED	21
#define ALL	MIB(64)

static struct vfio small;
static uint64_t bar_start;

static uint64_t bar_offset(void)
{
	return vfio_region(&small, BAR2).offset;
}

/* 64 MiB that lie across 33 page tables */
static void all_of_it(int fd, uint64_t offset, int prot, const char *what)
{
	static const uint64_t remainders[] = { PAGE, MIB(1), MIB(2) - PAGE };

	for (int i = 0; i < 3; i++) {
		mapping_t at = map_aligned(fd, offset, ALL, prot, MIB(2),
					   remainders[i]);

		is_int(faults_of_touching(at, ALL, PAGE), 33,
		       "64 MiB of %s, %llu KiB off, take 33 page faults", what,
		       (unsigned long long)remainders[i] / 1024);
		is_int(pages_astray(at, ALL, bar_start), 0,
		       "each page is mapped to where it should be");
		is_int(pages_cached(at, ALL, CACHE_UNCACHED), ALL / PAGE,
		       "each is uncached");
		is_int(entry_at(at).writable, prot == RW,
		       "the first can be written as the mapping says");
		is_int(entry_at(at + ALL - PAGE).writable, prot == RW,
		       "so can the last");
		ok(entry_at(at).special, "the entries are special ones");
		is_int(pattern_errors(at, 0, ALL, MIB(1), SEED), 0,
		       "they show what the device has there");
		unmap(at, ALL);
	}
}

static void whole(void)
{
	struct vfio_region_dma_range range = { 0, ALL };
	int lease = lease_of(small.device, BAR2, 0, ALL);
	int read_only = lease_export(small.device, BAR2, O_RDONLY, &range, 1);

	all_of_it(lease, 0, RW, "a lease");
	all_of_it(lease, 0, PROT_READ, "a lease mapped for reading");
	all_of_it(read_only, 0, PROT_READ, "a read-only lease");
	all_of_it(small.device, bar_offset(), RW, "the BAR");
	close(read_only);
	close(lease);
}

/* The first access may be anywhere in the page table, and may be a write */
static void from_anywhere(void)
{
	int lease = lease_of(small.device, BAR2, 0, MIB(8));
	mapping_t at = map_aligned(lease, 0, MIB(8), RW, MIB(2), PAGE);
	const uint64_t table = MIB(2) - PAGE;	/* begins there, from @at on */

	is_int(faults_of_touching(at + MIB(3), PAGE, PAGE), 1,
	       "a fault in the midst of a page table");
	is_int(pages_astray(at + table, MIB(2), bar_start + table), 0,
	       "fills all of it");
	is_int(pages_present(at, table), 0, "nothing before it");
	is_int(pages_present(at + table + MIB(2), MIB(8) - table - MIB(2)), 0,
	       "nothing behind it");
	ok(write32(at + table + MIB(2) + 4, 1), "a write");
	is_int(pages_present(at + table + MIB(2), MIB(2)), HUGE / PAGE,
	       "fills another one");
	is_int(vfio_get32(&small, BAR2, table + MIB(2) + 4), 1,
	       "and is on the device");
	ok(entry_at(at + table + MIB(4) - PAGE).writable,
	   "its last page can be written as well");
	is_int(faults_of_touching(at + table, MIB(4), PAGE), 0,
	       "then neither page table takes a fault any more");
	unmap(at, MIB(8));
	close(lease);
}

/* What is beside the mapping in its page table stays as it is */
static void neighbours(void)
{
	int lease = lease_of(small.device, BAR2, 0, MIB(2));
	mapping_t area = map_aligned(lease, 0, MIB(2), PROT_NONE, MIB(2), 0);
	mapping_t at = area + 100 * PAGE;
	void *got;

	/* Of one buffer and in order, so that only the VMA's end is an end */
	for (uint64_t i = 0; i < 5; i++) {
		int fd = i == 0 ? -1 : lease;
		int flags = i == 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

		got = mmap((void *)(area + i * 100 * PAGE), 100 * PAGE, RW,
			   flags | MAP_FIXED, fd, i * 100 * PAGE);
		if (got == MAP_FAILED)
			bail("mmap(): %s", strerror(errno));
	}
	is_int(faults_of_touching(at + 50 * PAGE, PAGE, PAGE), 1,
	       "a fault in one of several mappings in a page table");
	is_int(pages_astray(at, 100 * PAGE, bar_start + 100 * PAGE), 0,
	       "fills that mapping");
	is_int(pages_present(at + 100 * PAGE, 300 * PAGE), 0,
	       "nothing of those behind it");
	reads(area + 99 * PAGE, 0, "memory before it is memory");
	is_int(faults_of_touching(at + 250 * PAGE, PAGE, PAGE), 1,
	       "a fault in the next but one");
	is_int(pages_present(at + 100 * PAGE, 100 * PAGE), 0,
	       "leaves the one between them alone");
	unmap(at, 100 * PAGE);
	is_int(pages_astray(at + 200 * PAGE, 100 * PAGE,
			    bar_start + 300 * PAGE), 0,
	       "with the first unmapped, that one has all its pages");
	reads(area + 99 * PAGE, 0, "the memory is still there");
	is_int(faults_of_touching(at + 100 * PAGE, 300 * PAGE, PAGE), 2,
	       "the other two take a fault each");
	is_int(pages_astray(at + 100 * PAGE, 300 * PAGE,
			    bar_start + 200 * PAGE), 0, "all are right");
	unmap(area, MIB(2));
	close(lease);
}

/* Huge pages in the middle, a page table at either end */
static void ragged(void)
{
	const uint64_t start = 3 * PAGE, size = MIB(6);
	int lease = lease_of(small.device, BAR2, start, size);
	mapping_t at = map_aligned(lease, 0, size, RW, MIB(8), start);

	is_faults(faults_of_touching(at, size, PAGE), 3, at, size,
		  "6 MiB with ragged ends take three page faults");
	is_int(pages_astray(at, size, bar_start + start), 0,
	       "each page is mapped to where it should be");
	is_int(entry_at(at).size, PAGE, "the beginning in small pages");
	is_huge(at + MIB(2) - start, "then come huge ones");
	is_huge(at + MIB(6) - start - PAGE, "two of them");
	is_int(entry_at(at + size - PAGE).size, PAGE,
	       "the end is in small pages");
	unmap(at, size);
	close(lease);
}

static uint64_t third_page(uint64_t offset, const void *arg)
{
	(void)arg;
	return bar_start + 3 * offset;
}

/* More ranges of a page than a table has entries: a table's come at once */
#define MANY	(HUGE / PAGE + 88)

static void many_ranges(uint32_t memattr, const char *what)
{
	static struct vfio_region_dma_range ranges[MANY];
	const uint64_t size = MANY * PAGE;
	mapping_t at;
	int lease;

	for (uint64_t i = 0; i < MANY; i++)
		ranges[i] = (struct vfio_region_dma_range){ 3 * i * PAGE, PAGE };
	lease = lease_export(small.device, BAR2, O_RDWR, ranges, MANY);
	is_ok(lease_set_memattr(small.device, lease, memattr),
	      "%d ranges of a page are made %s", (int)MANY, what);

	at = map_aligned(lease, 0, size, RW, MIB(2), 0);
	is_int(faults_of_touching(at + MIB(2) - PAGE, PAGE, PAGE), 1,
	       "a fault on the last page of a page table");
	is_int(pages_wrong(at, MIB(2), third_page, NULL), 0,
	       "brings in all of them, each from its place");
	is_int(pages_present(at + MIB(2), size - MIB(2)), 0,
	       "and none of the next page table");
	is_int(faults_of_touching(at, size, PAGE), 1,
	       "that takes one fault more");
	is_int(pages_wrong(at, size, third_page, NULL), 0, "all are right");
	is_int(pages_cached(at, size, memattr == WC ? CACHE_WC : CACHE_UNCACHED),
	       MANY, "each is %s in the page table", what);
	unmap(at, size);

	at = map_aligned(lease, 0, MANY * PAGE, RW, MIB(2), HUGE - 100 * PAGE);
	is_int(faults_of_touching(at, size, PAGE), 2,
	       "across two page tables, they take two faults");
	is_int(pages_wrong(at, size, third_page, NULL), 0, "all are right");
	unmap(at, size);
	close(lease);
}

/* Small pages because the process says so, where huge ones would fit */
static void no_huge_pages_wanted(void)
{
	int lease = lease_of(small.device, BAR2, 0, MIB(8));
	mapping_t at = map_aligned(lease, 0, MIB(8), RW, MIB(2), 0);

	if (huge_pages() && madvise((void *)at, MIB(8), MADV_NOHUGEPAGE))
		bail("madvise(): %s", strerror(errno));
	is_int(faults_of_touching(at, MIB(8), PAGE), 4,
	       "8 MiB with MADV_NOHUGEPAGE take four page faults");
	is_int(entry_at(at + MIB(4)).size, PAGE, "in small pages");
	is_int(pages_astray(at, MIB(8), bar_start), 0, "all are right");
	unmap(at, MIB(8));
	close(lease);
}

/* One mapping that mprotect() has made three of */
static void pieces(void)
{
	int lease = lease_of(small.device, BAR2, 0, MIB(2));
	mapping_t at = map_aligned(lease, 0, MIB(1), RW, MIB(2), PAGE);

	is_ok(try_protect(at + 64 * PAGE, 64 * PAGE, PROT_READ),
	      "the middle of a mapping is made read-only");
	is_int(faults_of_touching(at + 100 * PAGE, PAGE, PAGE), 1,
	       "a fault there");
	is_int(pages_present(at + 64 * PAGE, 64 * PAGE), 64, "fills the middle");
	ok(!entry_at(at + 64 * PAGE).writable, "read-only");
	is_int(pages_present(at, MIB(1)), 64, "and nothing else");
	is_int(faults_of_touching(at, MIB(1), PAGE), 2,
	       "the ends take a fault each");
	ok(entry_at(at + 63 * PAGE).writable, "before it, pages can be written");
	ok(entry_at(at + 128 * PAGE).writable, "and behind it");
	is_int(pages_astray(at, MIB(1), bar_start), 0, "all are right");
	unmap(at, MIB(1));
	close(lease);
}

static void moved(void)
{
	int lease = lease_of(small.device, BAR2, 0, MIB(2));
	mapping_t at = map_aligned(lease, 0, MIB(1), RW, MIB(2), PAGE), to;

	is_int(faults_of_touching(at, MIB(1), PAGE), 1, "a mapping is filled");
	to = map_aligned(lease, 0, MIB(2), PROT_NONE, MIB(2), 0);
	unmap(to, MIB(2));
	to += MIB(1) + MIB(1) / 2;
	if (mremap((void *)at, MIB(1), MIB(1), MREMAP_MAYMOVE | MREMAP_FIXED,
		   (void *)to) != (void *)to)
		bail("mremap(): %s", strerror(errno));
	is_int(faults_of_touching(to, MIB(1), PAGE), 0,
	       "moved across page tables, it takes no fault");
	is_int(pages_astray(to, MIB(1), bar_start), 0, "all are right");
	unmap(to, MIB(1));
	close(lease);
}

int main(void)
{
	small = vfio_open(dev_small());
	bar_start = pci_bar_start(small.bdf, BAR2);
	pattern_fill(&small, BAR2, 0, ALL, MIB(1), SEED);

	whole();
	from_anywhere();
	neighbours();
	ragged();
	many_ranges(NC, "uncached");
	many_ranges(WC, "write-combining");
	no_huge_pages_wanted();
	pieces();
	moved();

	vfio_close(&small);
	return tap_done();
}
