// SPDX-License-Identifier: MIT
/*
 * Mappings use pages of 2 MiB wherever alignment allows it, all that a PMD table
 * can have at once; never a page of 1 GiB, nor one that reaches past its range
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "access.h"
#include "faults.h"
#include "huge.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "tap.h"

#define SEED	2

static struct vfio big, small;

static void is_page(mapping_t at, uint64_t size, const char *name)
{
	struct entry entry = entry_at(at);

	if (!is_int(entry.size, size, "%s", name) && !entry.present)
		diag("  there is no page at all");
}

static void whole_gib(void)
{
	int lease = lease_of(big.device, BAR2, 0, GIB(1));
	mapping_t at = map_aligned(lease, 0, GIB(1), RW, GIB(1), 0);

	is_faults(faults_of_touching(at, GIB(1), MIB(2)), 1, at, GIB(1),
		  "touching all of an aligned GiB takes one page fault");
	is_huge(at, "it is in pages of 2 MiB");
	is_huge(at + GIB(1) - 4, "up to its last word");
	is_int(pages_present(at, GIB(1)), GIB(1) / PAGE, "all of it is there");
	is_int(pages_astray(at, GIB(1), pci_bar_start(big.bdf, BAR2)), 0,
	       "each page at its physical address");
	ok(entry_at(at).special, "the entry is a special one");
	ok(entry_at(at).writable, "and can be written");
	is_int(pattern_errors(at, 0, GIB(1), MIB(2), SEED), 0,
	       "each of the 512 probes reads what the device has there");
	is_ok(lease_revoke(big.device, lease), "the lease is revoked");
	ok(!entry_at(at).present, "the page is gone");
	sigbus(at + GIB(1) - 4, "and the access is SIGBUS");
	unmap(at, GIB(1));
	close(lease);
}

/* Physically and virtually aligned to 2 MiB, but 1 GiB does not fit in */
static void two_mib(void)
{
	const uint64_t start = MIB(2), size = GIB(1) - MIB(4);
	int lease = lease_of(big.device, BAR2, start, size);
	mapping_t at = map_aligned(lease, 0, size, RW, GIB(1), start);

	is_faults(faults_of_touching(at, size, MIB(2)), 1, at, size,
		  "a lease of 510 times 2 MiB takes one page fault");
	is_int(pages_present(at, size), size / PAGE, "that fills it to its ends");
	is_huge(at, "its first page has 2 MiB");
	is_huge(at + size - 4, "so has its last");
	is_huge(at + MIB(500), "so has one in the middle");
	is_int(pattern_errors(at, start, size, MIB(2), SEED), 0,
	       "each of the 510 probes is right");
	is_int(faults_of_touching(at, size, MIB(2)), 0,
	       "touching all again takes no page fault");
	unmap(at, size);
	close(lease);
}

/* The whole GiB, at an address that is only 2 MiB-aligned */
static void gib_at_two_mib(void)
{
	int lease = lease_of(big.device, BAR2, 0, GIB(1));
	mapping_t at = map_aligned(lease, 0, GIB(1), RW, GIB(1), MIB(2));

	is_faults(faults_of_touching(at, GIB(1), MIB(2)), 2, at, GIB(1),
		  "1 GiB across two PMD tables takes two page faults");
	is_huge(at + MIB(100), "in pages of 2 MiB");
	is_int(pattern_errors(at, 0, GIB(1), MIB(2), SEED), 0,
	       "each of the 512 probes is right");
	unmap(at, GIB(1));
	close(lease);
}

static void misaligned(void)
{
	int lease = lease_of(small.device, BAR2, 0, MIB(8));
	mapping_t at = map_aligned(lease, 0, MIB(8), RW, MIB(2), PAGE);

	is_int(faults_of_touching(at, MIB(8), PAGE), 5,
	       "8 MiB at an address of odd pages take five page faults");
	is_page(at, PAGE, "in pages of 4 KiB");
	is_page(at + MIB(4), PAGE, "in the middle, too");
	is_int(pages_present(at, MIB(8)), MIB(8) / PAGE, "all of the pages are there");
	is_int(pattern_errors(at, 0, MIB(8), PAGE, SEED), 0,
	       "each of them shows what it should");
	unmap(at, MIB(8));

	at = map_aligned(lease, PAGE, MIB(4), RW, MIB(2), 0);
	reads(at + MIB(1), pattern(MIB(1) + PAGE, SEED),
	      "an odd offset at an aligned address is readable");
	is_page(at + MIB(1), PAGE, "in pages of 4 KiB");
	unmap(at, MIB(4));

	at = map_aligned(lease, PAGE, MIB(4), RW, MIB(2), PAGE);
	reads(at, pattern(PAGE, SEED),
	      "an odd offset at an equally odd address is readable");
	is_page(at, PAGE, "its first page has 4 KiB");
	reads(at + MIB(2), pattern(MIB(2) + PAGE, SEED),
	      "2 MiB further on, too");
	is_huge(at + MIB(2) - PAGE, "where a page has 2 MiB");
	reads(at + MIB(4) - 4, pattern(MIB(4) + PAGE - 4, SEED),
	      "its last word is right");
	is_page(at + MIB(4) - 4, PAGE,
		"the end that fills no 2 MiB has pages of 4 KiB");
	unmap(at, MIB(4));
	close(lease);
}

static void odd_range(void)
{
	int lease = lease_of(small.device, BAR2, MIB(1) + PAGE, MIB(8));
	mapping_t at = map_aligned(lease, 0, MIB(8), RW, MIB(2), 0);

	is_int(pattern_errors(at, MIB(1) + PAGE, MIB(8), PAGE, SEED), 0,
	       "a range of odd physical address shows the right bytes");
	is_page(at + MIB(2), PAGE, "in pages of 4 KiB");
	unmap(at, MIB(8));
	close(lease);
}

/* 0...3 MiB and 5...8 MiB: the second 2 MiB of the buffer are of both */
static void boundary(void)
{
	static const struct vfio_region_dma_range ranges[] = {
		{ 0, MIB(3) }, { MIB(5), MIB(3) },
	};
	int lease = lease_export(small.device, BAR2, O_RDWR, ranges, 2);
	mapping_t at = map_aligned(lease, 0, MIB(6), RW, MIB(2), 0);

	is_int(pattern_errors(at, 0, MIB(3), 4, SEED), 0,
	       "every word up to the boundary of two ranges is right");
	is_int(pattern_errors(at + MIB(3), MIB(5), MIB(3), 4, SEED), 0,
	       "every word from there on is right");
	is_huge(at, "2 MiB inside of the first range are one page");
	is_page(at + MIB(3) - PAGE, PAGE,
		"before the boundary are pages of 4 KiB");
	is_page(at + MIB(3), PAGE, "behind the boundary, too");
	is_huge(at + MIB(4), "2 MiB inside of the second range are one page");
	unmap(at, MIB(6));
	close(lease);
}

static void merged(void)
{
	static const struct vfio_region_dma_range ranges[] = {
		{ 0, MIB(1) }, { MIB(1), PAGE }, { MIB(1) + PAGE, MIB(7) - PAGE },
	};
	int lease = lease_export(small.device, BAR2, O_RDWR, ranges, 3);
	mapping_t at = map_aligned(lease, 0, MIB(8), RW, MIB(8), 0);

	is_faults(faults_of_touching(at, MIB(8), PAGE), 1, at, MIB(8),
		  "8 MiB in three ranges that continue each other take a fault");
	is_huge(at + MIB(1), "a page of 2 MiB lies across two of them");
	is_int(pattern_errors(at, 0, MIB(8), PAGE, SEED), 0,
	       "all that they show is right");
	unmap(at, MIB(8));
	close(lease);
}

/* Neighbours in the buffer but not on the device */
static void swapped(void)
{
	static const struct vfio_region_dma_range ranges[] = {
		{ MIB(2), MIB(2) }, { 0, MIB(2) },
	};
	int lease = lease_export(small.device, BAR2, O_RDWR, ranges, 2);
	mapping_t at = map_aligned(lease, 0, MIB(4), RW, MIB(2), 0);

	reads(at, pattern(MIB(2), SEED), "two ranges in reverse order: first");
	reads(at + MIB(2), pattern(0, SEED), "and second");
	is_huge(at, "the first is a page of 2 MiB");
	is_huge(at + MIB(2), "the second is one, too");
	unmap(at, MIB(4));
	close(lease);
}

/* A huge page of a BAR map and of a read-only lease */
static void other_maps(void)
{
	struct vfio_region_dma_range range = { 0, MIB(4) };
	int lease = lease_export(small.device, BAR2, O_RDONLY, &range, 1);
	struct region bar = vfio_region(&small, BAR2);
	mapping_t at = map_aligned(lease, 0, MIB(4), PROT_READ, MIB(4), 0);

	is_faults(faults_of_touching(at, MIB(4), PAGE), 1, at, MIB(4),
		  "4 MiB of a read-only lease take one fault");
	is_huge(at, "in pages of 2 MiB");
	ok(!entry_at(at).writable, "that cannot be written");
	unmap(at, MIB(4));
	close(lease);

	at = map_aligned(small.device, bar.offset, MIB(64), RW, MIB(64), 0);
	is_faults(faults_of_touching(at, MIB(64), PAGE), 1, at, MIB(64),
		  "64 MiB of a BAR map take one fault");
	is_huge(at, "in pages of 2 MiB");
	is_int(pattern_errors(at, 0, MIB(8), PAGE, SEED), 0,
	       "which show what the device has");
	unmap(at, MIB(64));
}

/* Two leases side by side in the process: a fault fills its own */
static void neighbours(void)
{
	int left = lease_of(small.device, BAR2, 0, MIB(4));
	int right = lease_of(small.device, BAR2, MIB(4), MIB(4));
	long filled = (huge_pages() ? MIB(4) : MIB(2)) / PAGE;
	mapping_t at = map_aligned(left, 0, MIB(4), RW, MIB(16), 0);
	void *beside = mmap((void *)(at + MIB(4)), MIB(4), RW,
			    MAP_SHARED | MAP_FIXED_NOREPLACE, right, 0);

	if (beside != (void *)(at + MIB(4)))
		bail("no room for a mapping beside another one");
	reads(at, pattern(0, SEED), "the left one of two mappings is used");
	is_int(pages_present(at, MIB(8)), filled,
	       "nothing of the right one is filled in by that");
	reads(at + MIB(8) - 4, pattern(MIB(8) - 4, SEED), "the right one works");
	is_ok(lease_revoke(small.device, left), "the left one is revoked");
	is_int(pages_present(at, MIB(4)), 0, "and loses its pages");
	is_int(pages_present(at + MIB(4), MIB(4)), filled,
	       "the right one keeps its own");
	unmap(at, MIB(8));
	close(left);
	close(right);
}

/* Pieces of a huge mapping go, the rest stays right */
static void split(void)
{
	int lease = lease_of(small.device, BAR2, 0, MIB(8));
	mapping_t at = map_aligned(lease, 0, MIB(8), RW, MIB(8), 0);

	is_faults(faults_of_touching(at, MIB(8), MIB(2)), 1, at, MIB(8),
		  "8 MiB are four huge pages, by one fault");
	unmap(at + MIB(3), PAGE);
	reads(at + MIB(3) - PAGE, pattern(MIB(3) - PAGE, SEED),
	      "before a hole in a huge page, the bytes are right");
	reads(at + MIB(3) + PAGE, pattern(MIB(3) + PAGE, SEED),
	      "behind it, too");
	is_page(at + MIB(3) + PAGE, PAGE, "there, pages have 4 KiB");
	is_ok(try_protect(at + MIB(5), PAGE, PROT_READ),
	      "one page of another huge page is made read-only");
	reads(at + MIB(5), pattern(MIB(5), SEED), "and is right");
	ok(!entry_at(at + MIB(5)).writable, "and cannot be written");
	ok(write32(at + MIB(5) + PAGE, pattern(MIB(5) + PAGE, SEED)),
	   "its neighbour can be");
	is_huge(at + MIB(6), "an unharmed huge page is still there");
	is_ok(lease_revoke(small.device, lease), "the lease is revoked");
	sigbus(at, "the first piece is SIGBUS");
	sigbus(at + MIB(3) + PAGE, "the second is SIGBUS");
	sigbus(at + MIB(5), "the read-only one is SIGBUS");
	sigbus(at + MIB(8) - 4, "the last is SIGBUS");
	unmap(at, MIB(3));
	unmap(at + MIB(3) + PAGE, MIB(5) - PAGE);
	close(lease);
}

int main(void)
{
	big = vfio_open(dev_big_mapped());
	small = vfio_open(dev_small());
	pattern_fill(&big, BAR2, 0, GIB(1), MIB(2), SEED);
	pattern_fill(&small, BAR2, 0, MIB(10), 4, SEED);

	whole_gib();
	two_mib();
	gib_at_two_mib();
	misaligned();
	odd_range();
	boundary();
	merged();
	swapped();
	other_maps();
	neighbours();
	split();

	vfio_close(&small);
	vfio_close(&big);
	return tap_done();
}
