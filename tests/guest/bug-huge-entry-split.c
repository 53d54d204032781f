// SPDX-License-Identifier: MIT
/*
 * The bug: one page table entry for 1 GiB of a device. mm_find_pmd() and mremap()
 * do not know that a PUD entry can map memory. A munmap() of a part takes the
 * device for a page table: an oops, with locks held for good. An mremap() says "bad
 * pud" and forgets to flush the TLB.
 *
 * vfio-pci makes such entries (6.12 and 7.3, x86), and the kernel's own faults are
 * in docs/upstream.md with how to see them. Here they are not shown: with stock only
 * the entry is looked at, as cutting it kills the kernel.
 *
 * This driver makes none: docs/driver.md, "Page tables".
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "huge.h"
#include "kernel.h"
#include "lease.h"
#include "log.h"
#include "map.h"
#include "pagetable.h"
#include "stock.h"
#include "tap.h"

#define SIZE	GIB(1)
#define HALF	(SIZE / 2)
#define VALUE	0x61b

/* What one entry of stock maps: entries of 1 GiB are x86's alone */
static uint64_t stocks_entry(void)
{
#ifdef __aarch64__
	return HUGE;
#else
	return huge_pages() && !kernel_is_32bit() ? GIANT : PAGE;
#endif
}

static void cut(mapping_t at)
{
	is_ok(munmap((void *)(at + PAGE), PAGE) ? -errno : 0,
	      "a page of it is unmapped");
	is_ok(try_protect(at + 3 * PAGE, PAGE, PROT_READ),
	      "another one is made read-only");
	reads(at, VALUE, "the page before can be read");
	is_int(try_read32(at + PAGE, &(uint32_t){ 0 }), ACCESS_SIGSEGV,
	       "what was unmapped is gone");
	is_int(try_write32(at + 3 * PAGE, VALUE), ACCESS_SIGSEGV,
	       "what is read-only cannot be written");
}

static mapping_t moved(mapping_t at)
{
	mapping_t to = map_aligned(-1, 0, HALF, PROT_NONE, SIZE, 0);
	void *ret = mremap((void *)(at + HALF), HALF, HALF,
			   MREMAP_MAYMOVE | MREMAP_FIXED, (void *)to);

	if (!ok(ret == (void *)to, "half of it is moved"))
		bail("mremap(): %s", strerror(errno));
	is_int(try_read32(at + HALF, &(uint32_t){ 0 }), ACCESS_SIGSEGV,
	       "what was moved is gone, from the TLB as well");
	reads(to, VALUE, "and there where it was moved to");
	return to;
}

static void with_this_driver(void)
{
	struct vfio big = vfio_open(dev_big_mapped());
	int lease = lease_of(big.device, BAR2, 0, SIZE), log = log_from_here();
	mapping_t at = map_aligned(lease, 0, SIZE, RW, SIZE, 0), to;

	vfio_put32(&big, BAR2, 0, VALUE);
	vfio_put32(&big, BAR2, HALF, VALUE);
	reads(at, VALUE, "a lease of 1 GiB, at an address as aligned, works");
	reads(at + HALF, VALUE, "in the middle, too");
	if (!ok(entry_at(at).size < SIZE, "one entry does not map all of it"))
		bail("the kernel would not survive what comes now");
	cut(at);
	to = moved(at);
	is_ok(lease_revoke(big.device, lease), "the lease is revoked");
	sigbus(at, "what is left of it is SIGBUS");
	sigbus(to, "so is what was moved");
	ok(!log_says(log, "bad p"), "the kernel has found no bad page table");
	unmap(at, HALF);
	unmap(to, HALF);
	close(lease);
	vfio_close(&big);
}

static void with_stock(void)
{
	struct vfio big = vfio_open(dev_big());
	mapping_t at = map_aligned(big.device, vfio_region(&big, BAR2).offset,
				   SIZE, RW, SIZE, 0);

	reads(at, VALUE, "stock maps 1 GiB");
	is_int(entry_at(at).size, stocks_entry(),
	       stocks_entry() == GIANT ?
		       "it has the bug: by one entry, that nobody can cut" :
		       "it does not have the bug here: by smaller entries");
	unmap(at, SIZE);
	vfio_close(&big);
}

int main(void)
{
	const struct bdf dev = dev_big();

	with_this_driver();
	stock_has(&dev, 1, with_stock);
	return tap_done();
}
