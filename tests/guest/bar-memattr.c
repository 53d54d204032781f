// SPDX-License-Identifier: MIT
/*
 * The memory attribute of ordinary BAR maps, and of parts of a BAR, is what the
 * page tables really say
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/mman.h>
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

#define SEED	5
#define BAR	MIB(64)
#define SIZE	MIB(8)
#define PAGES	(SIZE / PAGE)

static struct vfio small;

static void set(uint64_t offset, uint64_t length, uint32_t memattr)
{
	int ret = bar_set_memattr(small.device, BAR2, offset, length, memattr);

	if (ret)
		bail("cannot set the attribute of BAR 2: %d", ret);
}

static void holds(uint64_t offset, int memattr, uint64_t length,
		  const char *what)
{
	uint64_t got = 0;

	is_int(bar_get_memattr(small.device, BAR2, offset, &got), memattr,
	       "%s: GET at %#llx says %s", what, (unsigned long long)offset,
	       memattr == WC ? "WC" : "NC");
	is_hex(got, length, "and how far");
}

static void is_right(mapping_t at, uint64_t offset, uint64_t size)
{
	is_int(pattern_errors(at, offset, size, PAGE, SEED), 0,
	       "every page shows what it should");
}

static void whole_bar(void)
{
	mapping_t at;

	holds(0, NC, BAR, "a BAR that nobody has spoken about");
	is_ok(bar_set_memattr(small.device, BAR2, 0, BAR, WC),
	      "BAR 2 is made write-combining");
	holds(0, WC, BAR, "then");
	holds(MIB(63), WC, MIB(1), "and near its end");

	at = map_aligned(small.device, vfio_region(&small, BAR2).offset, SIZE,
			 RW, SIZE, 0);
	is_faults(faults_of_touching(at, SIZE, PAGE), 1, at, SIZE,
		  "touching 8 MiB of a map of it takes one page fault");
	is_int(pages_cached(at, SIZE, CACHE_WC), PAGES,
	       "every page of it is WC in the page table");
	is_right(at, 0, SIZE);
	ok(write32(at + MIB(5), 0x3c), "it can be written");
	__sync_synchronize();
	is_int(vfio_get32(&small, BAR2, MIB(5)), 0x3c, "and the device has it");
	vfio_put32(&small, BAR2, MIB(5), pattern(MIB(5), SEED));
	unmap(at, SIZE);

	is_ok(bar_set_memattr(small.device, BAR2, 0, 0, NC),
	      "length 0 is all of it: uncached again");
	holds(0, NC, BAR, "then");
	at = map_bar(&small, BAR2, 0, SIZE);
	reads(at, pattern(0, SEED), "a map of it can be read");
	is_cache(at, CACHE_UNCACHED, "it is uncached in the page table");
	unmap(at, SIZE);
}

static void existing_keep_theirs(void)
{
	mapping_t before = map_bar(&small, BAR2, 0, MIB(4)), after;

	reads(before, pattern(0, SEED), "a map made while uncached");
	set(0, 0, WC);
	after = map_bar(&small, BAR2, 0, MIB(4));
	reads(before + MIB(2), pattern(MIB(2), SEED),
	      "goes on after WC is set");
	is_cache(before + MIB(2), CACHE_UNCACHED,
		 "and what it faults in is still uncached");
	reads(after + MIB(2), pattern(MIB(2), SEED), "a map made since");
	is_cache(after + MIB(2), CACHE_WC, "is WC");

	set(0, 0, NC);
	is_ok(vfio_reset(&small), "a reset takes every page away");
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	reads(after, pattern(0, SEED), "the second map comes back");
	is_cache(after, CACHE_WC, "as WC, although NC has been set since");
	reads(before, pattern(0, SEED), "and so does the first");
	is_cache(before, CACHE_UNCACHED, "as uncached");
	unmap(before, MIB(4));
	unmap(after, MIB(4));
}

/* Another BAR, and leases of the same, do not notice */
static void nobody_else(void)
{
	int lease, wc;
	mapping_t at;

	set(0, 0, WC);
	lease = lease_of(small.device, BAR2, 0, PAGE);
	is_int(lease_get_memattr(small.device, lease), NC,
	       "a lease of a WC BAR is uncached");
	at = map(lease, 0, PAGE, RW);
	reads(at, pattern(0, SEED), "it can be read");
	is_cache(at, CACHE_UNCACHED, "and is uncached in the page table");
	unmap(at, PAGE);
	close(lease);
	is_int(bar_get_memattr(small.device, BAR0, 0, NULL), NC,
	       "BAR 0 is uncached");

	set(0, 0, NC);
	wc = lease_of(small.device, BAR2, 0, PAGE);
	is_ok(lease_set_memattr(small.device, wc, WC), "a lease is made WC");
	holds(0, NC, BAR, "that is no word about the BAR");
	close(wc);
}

/* Register BARs need not be prefetchable, as with leases */
static void register_bar(void)
{
	struct vfio edu = vfio_open(dev_edu());
	mapping_t at;

	is_ok(bar_set_memattr(edu.device, BAR0, 0, PAGE, WC),
	      "a page of a BAR that is not prefetchable is made WC");
	at = map_bar(&edu, BAR0, 0, PAGE);
	reads(at, vfio_get32(&edu, BAR0, 0), "a map of it can be read");
	is_cache(at, CACHE_WC, "and is WC in the page table");
	unmap(at, PAGE);
	vfio_close(&edu);
}

static void parts_are_kept(void)
{
	set(MIB(1), MIB(1), WC);
	set(MIB(3), PAGE, WC);
	holds(0, NC, MIB(1), "two parts of the BAR are WC");
	holds(MIB(1), WC, MIB(1), "the first");
	holds(MIB(2) - PAGE, WC, PAGE, "its last page");
	holds(MIB(2), NC, MIB(1), "between them");
	holds(MIB(3), WC, PAGE, "the second");
	holds(MIB(3) + PAGE, NC, BAR - MIB(3) - PAGE, "behind them");
	set(MIB(2), MIB(1), WC);
	holds(MIB(1), WC, MIB(2) + PAGE, "what is between them is made WC");
	set(MIB(1) + PAGE, PAGE, NC);
	holds(MIB(1), WC, PAGE, "and a page taken out");
	holds(MIB(1) + PAGE, NC, PAGE, "that page");
	set(0, 0, NC);
	holds(0, NC, BAR, "all of it is uncached again");
}

/* A map inside one part has huge pages or tables, whatever is around it */
static void within_a_part(void)
{
	uint64_t base = vfio_region(&small, BAR2).offset;
	mapping_t nc, wc;

	set(MIB(4), MIB(4), WC);
	nc = map_aligned(small.device, base, MIB(4), RW, MIB(2), 0);
	wc = map_aligned(small.device, base + MIB(4), MIB(4), RW, MIB(2), 0);
	reads(nc + MIB(2), pattern(MIB(2), SEED), "a map before the WC part");
	is_cache(nc + MIB(2), CACHE_UNCACHED, "is uncached");
	is_huge(nc + MIB(2), "in huge pages");
	reads(wc, pattern(MIB(4), SEED), "a map of just that part");
	reads(wc + MIB(2), pattern(MIB(6), SEED), "up to its middle");
	is_int(pages_cached(wc, MIB(4), CACHE_WC), MIB(4) / PAGE, "is WC");
	is_huge(wc + MIB(2), "in huge pages, too");
	unmap(nc, MIB(4));
	unmap(wc, MIB(4));
	set(0, 0, NC);
}

static void across_parts(void)
{
	uint64_t base = vfio_region(&small, BAR2).offset;
	mapping_t at;

	/* NC to 1 MiB, WC to 3 MiB + 4 KiB, NC; the map begins at 512 KiB */
	set(MIB(1), MIB(2) + PAGE, WC);
	at = map_aligned(small.device, base + MIB(1) / 2, MIB(4), RW, MIB(2), 0);
	reads(at + MIB(1) / 2 - PAGE, pattern(MIB(1) - PAGE, SEED),
	      "a map of parts that differ: the last page of the first");
	is_int(pages_present(at, MIB(4)), MIB(2) / PAGE, "that fills the page table");
	is_int(pages_cached(at, MIB(1) / 2, CACHE_UNCACHED), MIB(1) / 2 / PAGE,
	       "with that part as uncached");
	is_int(pages_cached(at + MIB(1) / 2, MIB(3) / 2, CACHE_WC),
	       MIB(3) / 2 / PAGE,
	       "and the second as WC");
	reads(at + MIB(1) / 2, pattern(MIB(1), SEED), "which has its bytes");
	is_right(at, MIB(1) / 2, MIB(4));
	is_int(pages_cached(at, MIB(1) / 2, CACHE_UNCACHED), MIB(1) / 2 / PAGE,
	       "all is there: uncached before");
	is_int(pages_cached(at + MIB(1) / 2, MIB(2) + PAGE, CACHE_WC),
	       MIB(2) / PAGE + 1,
	       "WC where it was set");
	is_int(pages_cached(at + MIB(1) / 2 + MIB(2) + PAGE,
			    MIB(4) - MIB(1) / 2 - MIB(2) - PAGE, CACHE_UNCACHED),
	       MIB(3) / 2 / PAGE - 1, "uncached behind");
	ok(write32(at + MIB(1), 0x5a), "it can be written");
	__sync_synchronize();
	is_int(vfio_get32(&small, BAR2, MIB(1) + MIB(1) / 2), 0x5a,
	       "and the device has it");
	vfio_put32(&small, BAR2, MIB(1) + MIB(1) / 2,
		   pattern(MIB(1) + MIB(1) / 2, SEED));

	set(0, 0, NC);
	is_ok(vfio_reset(&small), "after NC is set, a reset");
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	is_right(at, MIB(1) / 2, MIB(4));
	is_int(pages_cached(at, MIB(4), CACHE_WC), MIB(2) / PAGE + 1,
	       "the map has the parts that it was made with");
	unmap(at, MIB(4));
}

/* mprotect() changes what may be done, and nothing about the cache */
static void protection(void)
{
	mapping_t at;

	set(PAGE, PAGE, WC);
	at = map_bar(&small, BAR2, 0, 4 * PAGE);
	is_right(at, 0, 4 * PAGE);
	is_ok(try_protect(at, 4 * PAGE, PROT_READ), "made read-only");
	is_right(at, 0, 4 * PAGE);
	is_cache(at + PAGE, CACHE_WC, "the WC page is WC");
	is_cache(at, CACHE_UNCACHED, "its neighbour uncached");
	ok(!entry_at(at + PAGE).writable, "it is not writable");
	is_ok(vfio_reset(&small), "all is faulted in once more");
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	is_right(at, 0, 4 * PAGE);
	ok(!entry_at(at + PAGE).writable, "still not writable");
	is_cache(at + PAGE, CACHE_WC, "still WC");
	is_ok(try_protect(at, 4 * PAGE, RW), "made writable again");
	ok(write32(at + PAGE, pattern(PAGE, SEED)), "it can be written");
	is_cache(at + PAGE, CACHE_WC, "as WC");
	is_cache(at + 2 * PAGE, CACHE_UNCACHED, "beside uncached");
	unmap(at, 4 * PAGE);
	set(0, 0, NC);
}

static void parts_are(mapping_t at, const char *when)
{
	is_right(at, 0, MIB(4));
	is_int(pages_cached(at, MIB(1), CACHE_UNCACHED), MIB(1) / PAGE,
	       "%s, the part before is uncached", when);
	is_int(pages_cached(at + MIB(1), MIB(2) + PAGE, CACHE_WC),
	       MIB(2) / PAGE + 1,
	       "the WC part WC");
	is_int(pages_cached(at + MIB(3) + PAGE, MIB(1) - PAGE, CACHE_UNCACHED),
	       MIB(1) / PAGE - 1, "the part behind uncached");
}

/* Of some pages of each part, at no multiple of anything */
static void protection_across_parts(void)
{
	const uint64_t start = MIB(1) - PAGE, size = MIB(2) + 3 * PAGE;
	mapping_t at;

	set(MIB(1), MIB(2) + PAGE, WC);
	at = map_aligned(small.device, vfio_region(&small, BAR2).offset, MIB(4),
			 RW, MIB(2), 0);
	parts_are(at, "before a change of protection");
	is_ok(try_protect(at + start, size, PROT_READ),
	      "some of each part is made read-only");
	parts_are(at, "then");
	ok(!entry_at(at + MIB(1)).writable, "it is not writable");
	is_ok(try_protect(at + start, size, PROT_NONE), "access is taken");
	is_ok(try_protect(at, MIB(4), RW), "all is made writable again");
	ok(write32(at + start, pattern(start, SEED)), "it can be written");
	ok(write32(at + MIB(1), pattern(MIB(1), SEED)), "all of it");
	parts_are(at, "at the end");
	unmap(at, MIB(4));
	set(0, 0, NC);
}

/* Pieces of the map, and copies of it, know where they are */
static void surgery(void)
{
	mapping_t at, moved;
	struct peer peer;

	set(2 * PAGE, PAGE, WC);
	at = map_bar(&small, BAR2, 0, 4 * PAGE);
	peer = peer_start();
	unmap(at, PAGE);
	moved = mremap((void *)(at + 2 * PAGE), 2 * PAGE, 2 * PAGE,
		       MREMAP_MAYMOVE);
	if (moved == MAP_FAILED)
		bail("mremap()");
	is_right(moved, 2 * PAGE, 2 * PAGE);
	is_cache(moved, CACHE_WC, "what is left of a map: the WC page");
	is_cache(moved + PAGE, CACHE_UNCACHED, "and the one behind it");
	reads(at + PAGE, pattern(PAGE, SEED), "and the one before it");
	is_cache(at + PAGE, CACHE_UNCACHED, "which is uncached");
	peer_reads(&peer, at + 2 * PAGE, pattern(2 * PAGE, SEED),
		   "a child has the whole map");
	is_int(peer_pages_cached(&peer, at, 4 * PAGE, CACHE_WC), 1,
	       "with its one WC page");
	peer_stop(&peer);
	unmap(at + PAGE, PAGE);
	unmap(moved, 2 * PAGE);
	set(0, 0, NC);
}

static void until_last_close(void)
{
	uint64_t length;
	mapping_t at;
	int second;

	set(0, 0, WC);
	second = vfio_device_fd(&small);
	is_int(bar_get_memattr(second, BAR2, 0, NULL), WC,
	       "another fd of the device says WC, too");
	close(small.device);
	is_int(bar_get_memattr(second, BAR2, 0, NULL), WC,
	       "so it does when the first is closed");
	close(second);
	small.device = vfio_device_fd(&small);
	is_int(bar_get_memattr(small.device, BAR2, 0, &length), NC,
	       "after the last close the BAR is uncached");
	is_hex(length, BAR, "all of it");
	at = map_bar(&small, BAR2, 0, PAGE);
	reads(at, pattern(0, SEED), "a map can be read");
	is_cache(at, CACHE_UNCACHED, "and is uncached");
	unmap(at, PAGE);
}

int main(void)
{
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);

	whole_bar();
	existing_keep_theirs();
	nobody_else();
	register_bar();
	parts_are_kept();
	within_a_part();
	across_parts();
	protection();
	protection_across_parts();
	surgery();
	until_last_close();

	vfio_close(&small);
	return tap_done();
}
