// SPDX-License-Identifier: MIT
/*
 * The memory attribute of a lease is what the page tables really say
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
#include "peer.h"
#include "tap.h"

#define SEED	3
#define SIZE	MIB(8)
#define PAGES	(SIZE / PAGE)

static struct vfio small;

static int wc_lease(uint64_t offset, uint64_t size)
{
	int lease = lease_of(small.device, BAR2, offset, size);
	int ret = lease_set_memattr(small.device, lease, WC);

	if (ret)
		bail("this machine cannot have write-combining leases");
	return lease;
}

static void defaults(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t odd = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	mapping_t even = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	mapping_t bar = map_bar(&small, BAR2, 0, SIZE);

	is_int(lease_get_memattr(small.device, lease), NC,
	       "a new lease is uncached");
	reads(odd, pattern(0, SEED), "it can be read in small pages");
	is_cache(odd, CACHE_UNCACHED, "which are uncached in the page table");
	reads(even, pattern(0, SEED), "and in huge pages");
	is_huge(even, "of 2 MiB");
	is_cache(even, CACHE_UNCACHED, "which are uncached in the page table");
	reads(bar, pattern(0, SEED), "a BAR map can be read");
	is_cache(bar, CACHE_UNCACHED, "it is uncached in the page table");
	unmap(odd, SIZE);
	unmap(even, SIZE);
	unmap(bar, SIZE);
	close(lease);
}

static void write_combining(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at;

	is_ok(lease_set_memattr(small.device, lease, WC),
	      "a lease can be made write-combining");
	is_int(lease_get_memattr(small.device, lease), WC, "and says so");

	at = map_aligned(lease, 0, SIZE, RW, SIZE, 0);
	is_faults(faults_of_touching(at, SIZE, PAGE), 1, at, SIZE,
		  "touching all of its 8 MiB takes one page fault");
	is_int(pages_cached(at, SIZE, CACHE_WC), PAGES,
	       "every page of it is WC in the page table");
	is_huge(at + SIZE - PAGE, "in pages of 2 MiB");
	ok(entry_at(at).special, "its entries are special ones");
	ok(entry_at(at).writable, "and can be written");
	is_int(pattern_errors(at, 0, SIZE, 4, SEED), 0,
	       "every word of it is right");
	ok(write32(at + MIB(5), 0x3c), "it can be written");
	__sync_synchronize();
	is_int(vfio_get32(&small, BAR2, MIB(5)), 0x3c, "and the device has it");
	vfio_put32(&small, BAR2, MIB(5), pattern(MIB(5), SEED));
	unmap(at, SIZE);

	at = map_aligned(lease, 0, SIZE, RW, MIB(2), 5 * PAGE);
	is_int(faults_of_touching(at, SIZE, PAGE), 5,
	       "8 MiB that lie across five page tables take five faults");
	is_int(pages_cached(at, SIZE, CACHE_WC), PAGES, "every page is WC");
	is_int(pattern_errors(at, 0, SIZE, PAGE, SEED), 0,
	       "every page shows what it should");
	unmap(at, SIZE);
	close(lease);
}

/* Faults may come from anywhere, in any order, for reading or writing */
static void first_touch(void)
{
	int lease = wc_lease(0, SIZE);
	mapping_t at = map_aligned(lease, PAGE, MIB(4), RW, MIB(2), 3 * PAGE);

	reads(at + MIB(4) - 4, pattern(PAGE + MIB(4) - 4, SEED),
	      "the last word first");
	ok(!entry_at(at).present, "leaves the first page alone");
	ok(write32(at + MIB(2), pattern(PAGE + MIB(2), SEED)),
	   "a write in the middle");
	reads(at, pattern(PAGE, SEED), "the first word last");
	is_int(pages_cached(at, MIB(4), CACHE_WC), MIB(4) / PAGE,
	       "now every page is WC");
	is_int(pattern_errors(at, PAGE, MIB(4), PAGE, SEED), 0,
	       "and shows what it should");
	unmap(at, MIB(4));
	close(lease);
}

static void existing_keep_theirs(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t before = map(lease, 0, SIZE, RW), after, again;

	reads(before, pattern(0, SEED), "a mapping made while uncached");
	is_ok(lease_set_memattr(small.device, lease, WC), "then WC is set");
	after = map(lease, 0, SIZE, RW);
	reads(before + MIB(4), pattern(MIB(4), SEED),
	      "the first mapping faults in another page");
	is_cache(before, CACHE_UNCACHED, "its old page is uncached");
	is_cache(before + MIB(4), CACHE_UNCACHED, "so is the new one");
	reads(after, pattern(0, SEED), "a mapping made after");
	is_cache(after, CACHE_WC, "is WC");

	is_ok(lease_set_memattr(small.device, lease, NC), "then NC is set");
	is_int(lease_get_memattr(small.device, lease), NC, "GET says NC");
	again = map(lease, 0, SIZE, RW);
	reads(again, pattern(0, SEED), "a third mapping");
	is_cache(again, CACHE_UNCACHED, "is uncached");
	reads(after + MIB(4), pattern(MIB(4), SEED),
	      "the second one faults in another page");
	is_cache(after + MIB(4), CACHE_WC, "which is WC");
	unmap(before, SIZE);
	unmap(after, SIZE);
	unmap(again, SIZE);
	close(lease);
}

static void attribute_is_the_leases(void)
{
	int wc = wc_lease(0, SIZE);
	int nc = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t in_wc = map(wc, 0, SIZE, RW), in_nc = map(nc, 0, SIZE, RW);
	mapping_t bar;

	is_int(lease_get_memattr(small.device, nc), NC,
	       "a lease of the bytes of a WC one is NC");
	reads(in_wc, pattern(0, SEED), "both are read: WC");
	reads(in_nc, pattern(0, SEED), "and NC");
	is_cache(in_wc, CACHE_WC, "the first is WC");
	is_cache(in_nc, CACHE_UNCACHED, "the second is uncached");
	bar = map_bar(&small, BAR2, 0, SIZE);
	reads(bar, pattern(0, SEED), "a BAR map of the same bytes is read");
	is_cache(bar, CACHE_UNCACHED, "it is uncached");
	unmap(in_wc, SIZE);
	unmap(in_nc, SIZE);
	unmap(bar, SIZE);
	close(wc);
	close(nc);
}

static void other_processes(void)
{
	struct peer peer = peer_start(), child;
	int lease = wc_lease(0, SIZE);
	mapping_t here = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	mapping_t there = peer_map(&peer, lease, 0, SIZE, RW);

	peer_reads(&peer, there, pattern(0, SEED),
		   "another process maps a WC lease");
	is_int(peer_pages_cached(&peer, there, PAGE, CACHE_WC), 1,
	       "it is WC there");
	reads(here, pattern(0, SEED), "this one does, too");
	child = peer_start();
	peer_reads(&child, here, pattern(0, SEED),
		   "a fork reads a page that was there before the fork");
	is_int(peer_pages_cached(&child, here, PAGE, CACHE_WC), 1,
	       "it is WC in the fork");
	peer_reads(&child, here + MIB(6), pattern(MIB(6), SEED),
		   "it reads one that was not");
	is_int(peer_pages_cached(&child, here + MIB(6), MIB(2), CACHE_WC),
	       MIB(2) / PAGE,
	       "that is WC in the fork, and all around it");

	is_ok(lease_revoke(small.device, lease), "the lease is revoked");
	sigbus(here, "SIGBUS here");
	peer_sigbus(&peer, there, "SIGBUS in the other process");
	peer_sigbus(&child, here, "SIGBUS in the fork");
	is_int(pages_present(here, SIZE), 0, "not a page is left here");
	is_int(peer_pages_present(&child, here, SIZE), 0,
	       "not a page is left in the fork");
	is_int(peer_pages_present(&peer, there, SIZE), 0,
	       "not a page is left in the other process");
	peer_stop(&child);
	peer_stop(&peer);
	unmap(here, SIZE);
	close(lease);
}

static void protection(void)
{
	int lease = wc_lease(0, SIZE);
	mapping_t at = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);

	reads(at, pattern(0, SEED), "a WC mapping");
	is_ok(try_protect(at, SIZE, PROT_READ), "is made read-only");
	is_cache(at, CACHE_WC, "what was there is WC");
	ok(!entry_at(at).writable, "and read-only");
	reads(at + MIB(2), pattern(MIB(2), SEED), "a page is faulted in");
	is_cache(at + MIB(2), CACHE_WC, "which is WC");
	ok(!entry_at(at + MIB(2)).writable, "and read-only");
	is_ok(try_protect(at, SIZE, RW), "it is made writable again");
	ok(write32(at + MIB(2), pattern(MIB(2), SEED)), "and is written");
	is_cache(at + MIB(2), CACHE_WC, "what was there is WC");
	ok(write32(at + MIB(4), pattern(MIB(4), SEED)),
	   "a page is faulted in by a write");
	is_cache(at + MIB(4), CACHE_WC, "which is WC");
	is_ok(try_protect(at, SIZE, PROT_NONE), "all access is taken");
	is_ok(try_protect(at, SIZE, RW), "and given back");
	reads(at, pattern(0, SEED), "it can be read");
	is_cache(at, CACHE_WC, "and is WC");
	unmap(at, SIZE);
	close(lease);
}

static void moved(void)
{
	int lease = wc_lease(0, SIZE);
	mapping_t at = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	mapping_t target = map_aligned(lease, 0, SIZE, PROT_NONE, MIB(2), PAGE);
	void *to;

	reads(at + MIB(2), pattern(MIB(2), SEED), "a WC mapping");
	to = mremap((void *)at, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		    (void *)target);
	if (!ok(to == (void *)target, "is moved to another address"))
		bail("mremap()");
	reads(target + MIB(2), pattern(MIB(2), SEED), "it shows the same there");
	is_cache(target + MIB(2), CACHE_WC, "and is WC");
	is_int(pattern_errors(target, 0, SIZE, PAGE, SEED), 0,
	       "so does all that was not touched before");
	is_int(pages_cached(target, SIZE, CACHE_WC), PAGES,
	       "every page of it is WC");
	unmap(target, SIZE);
	close(lease);
}

static void read_only(void)
{
	struct vfio_region_dma_range range = { 0, SIZE };
	int lease = lease_export(small.device, BAR2, O_RDONLY, &range, 1);
	mapping_t at;

	is_ok(lease_set_memattr(small.device, lease, WC),
	      "a read-only lease can be WC");
	at = map(lease, 0, SIZE, PROT_READ);
	is_int(pattern_errors(at, 0, SIZE, PAGE, SEED), 0, "it reads right");
	is_int(pages_cached(at, SIZE, CACHE_WC), PAGES, "every page is WC");
	ok(!entry_at(at).writable, "and cannot be written");
	is_error(try_protect(at, SIZE, RW), EACCES,
		 "nor be made so: EACCES");
	unmap(at, SIZE);
	close(lease);
}

static void several_ranges(void)
{
	static const struct vfio_region_dma_range ranges[] = {
		{ MIB(3), MIB(1) + PAGE }, { 0, PAGE }, { MIB(6), MIB(1) },
		{ MIB(3), 3 * PAGE },
	};
	int lease = lease_export(small.device, BAR2, O_RDWR, ranges, 4);
	uint64_t size = 0;
	mapping_t at;

	for (int i = 0; i < 4; i++)
		size += ranges[i].length;
	is_ok(lease_set_memattr(small.device, lease, WC),
	      "a lease of four ranges is made WC");
	at = map_aligned(lease, 0, size, RW, MIB(2), 0);
	for (uint64_t i = 0, start = 0; i < 4; i++) {
		is_int(pattern_errors(at + start, ranges[i].offset,
				      ranges[i].length, 4, SEED), 0,
		       "every word of range %d is right", (int)i + 1);
		start += ranges[i].length;
	}
	is_int(pages_cached(at, size, CACHE_WC), size / PAGE,
	       "every page is WC");
	unmap(at, size);
	close(lease);
}

/* A page table is more than what one VMA has of it */
static void neighbours(void)
{
	int wc = wc_lease(0, MIB(1)), nc = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at = map_aligned(nc, 0, MIB(2), RW, MIB(2), 0);
	void *in = mmap((void *)(at + MIB(1) / 2), MIB(1) / 2, RW,
			MAP_SHARED | MAP_FIXED, wc, MIB(1) / 2);

	if (in == MAP_FAILED)
		bail("mmap()");
	reads(at + MIB(3) / 4, pattern(MIB(3) / 4, SEED),
	      "WC in the midst of an uncached mapping");
	is_int(pages_present(at, MIB(2)), MIB(1) / 2 / PAGE,
	       "a fault fills what is of its mapping, and no more");
	is_int(pages_cached(at + MIB(1) / 2, MIB(1) / 2, CACHE_WC),
	       MIB(1) / 2 / PAGE,
	       "all of that is WC");
	is_int(pattern_errors(at, 0, MIB(2), PAGE, SEED), 0,
	       "everything shows what it should");
	is_int(pages_cached(at, MIB(2), CACHE_UNCACHED), MIB(3) / 2 / PAGE,
	       "around it is uncached");
	unmap(at, MIB(2));
	close(wc);
	close(nc);
}

int main(void)
{
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE + MIB(1), 4, SEED);

	defaults();
	write_combining();
	first_touch();
	existing_keep_theirs();
	attribute_is_the_leases();
	other_processes();
	protection();
	moved();
	read_only();
	several_ranges();
	neighbours();

	vfio_close(&small);
	return tap_done();
}
