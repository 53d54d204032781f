// SPDX-License-Identifier: MIT
/*
 * Buffers of 65,536 ranges, and thousands of buffers
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "access.h"
#include "faults.h"
#include "huge.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "prng.h"
#include "tap.h"

#define SEED	12
#define BAR_PAGES	(MIB(64) / PAGE)
#define LEASES	2000

static struct vfio small;

/* No two neighbours on the BAR are neighbours in the buffer */
static uint64_t page_of_range(uint64_t range)
{
	return range * 4099 % BAR_PAGES;
}

static struct vfio_region_dma_range *scattered(uint32_t n)
{
	struct vfio_region_dma_range *ranges = calloc(n, sizeof(*ranges));

	if (!ranges)
		bail("no memory");
	for (uint32_t i = 0; i < n; i++)
		ranges[i] = (struct vfio_region_dma_range){ page_of_range(i) * PAGE, PAGE };
	return ranges;
}

static void many_ranges(void)
{
	const uint32_t n = BARLEASE_MAX_RANGES;
	struct vfio_region_dma_range *ranges = scattered(n + 1);
	struct prng prng = prng_seeded(1);
	uint64_t bad = 0;
	mapping_t at;
	int lease;

	is_error(lease_export(small.device, BAR2, O_RDWR, ranges, n + 1),
		 E2BIG, "65,537 ranges are E2BIG");
	lease = lease_export(small.device, BAR2, O_RDWR, ranges, n);
	is_ok(lease, "65,536 ranges are a buffer");
	is_int(lseek(lease, 0, SEEK_END), n * PAGE, "its size is right");

	at = map(lease, 0, n * PAGE, RW);
	reads(at, pattern(0, SEED), "its first page is right");
	reads(at + (n - 1) * PAGE,
	      pattern(page_of_range(n - 1) * PAGE, SEED),
	      "its last page is right");
	for (int i = 0; i < 5000; i++) {
		uint64_t range = prng_below(&prng, n);
		uint32_t value;

		if (!read32(at + range * PAGE, &value) ||
		    value != pattern(page_of_range(range) * PAGE, SEED))
			bad++;
	}
	is_int(bad, 0, "5,000 random pages of it are right");
	is_ok(lease_revoke(small.device, lease), "it is revoked");
	sigbus(at, "and SIGBUS");
	sigbus(at + (n - 1) * PAGE, "to its last page");
	unmap(at, n * PAGE);
	close(lease);
	free(ranges);
}

/* Every other page of the BAR: a range for each, and not two to be merged */
static uint64_t other_page(uint64_t offset, const void *start)
{
	return *(const uint64_t *)start + 2 * offset;
}

static void every_other_page(void)
{
	const uint32_t n = BARLEASE_MAX_RANGES;
	const uint64_t size = n * PAGE;
	struct vfio big = vfio_open(dev_big_mapped());
	uint64_t start = pci_bar_start(big.bdf, BAR2);
	struct vfio_region_dma_range *ranges = calloc(n, sizeof(*ranges));
	mapping_t at;
	int lease;

	if (!ranges)
		bail("no memory");
	for (uint32_t i = 0; i < n; i++)
		ranges[i] = (struct vfio_region_dma_range){ 2 * i * PAGE, PAGE };
	lease = lease_export(big.device, BAR2, O_RDWR, ranges, n);
	is_ok(lease, "65,536 pages with gaps between them are a buffer");
	at = map_aligned(lease, 0, size, RW, MIB(2), 0);
	is_int(faults_of_touching(at, size, PAGE), size / HUGE,
	       "touching all of it takes a page fault a page table");
	is_int(pages_wrong(at, size, other_page, &start), 0,
	       "each page is mapped to where it should be");
	is_ok(lease_revoke(big.device, lease), "it is revoked");
	is_int(pages_present(at, size), 0, "not a page is left");
	unmap(at, size);
	close(lease);
	free(ranges);
	vfio_close(&big);
}

/* As many ranges, which are one when merged */
static void one_after_all(void)
{
	const uint32_t n = MIB(64) / PAGE;
	struct vfio_region_dma_range *ranges = calloc(n, sizeof(*ranges));
	mapping_t at;
	int lease;

	if (!ranges)
		bail("no memory");
	for (uint32_t i = 0; i < n; i++)
		ranges[i] = (struct vfio_region_dma_range){ i * PAGE, PAGE };
	lease = lease_export(small.device, BAR2, O_RDWR, ranges, n);
	is_ok(lease, "%u ranges that continue each other are a buffer", n);
	at = map_aligned(lease, 0, MIB(64), RW, MIB(64), 0);
	is_faults(faults_of_touching(at, MIB(64), PAGE), 1, at, MIB(64),
		  "its 64 MiB take one fault");
	is_int(pages_astray(at, MIB(64), pci_bar_start(small.bdf, BAR2)), 0,
	       "each page is mapped to where it should be");
	unmap(at, MIB(64));
	close(lease);
	free(ranges);
}

static void many_leases(void)
{
	static int leases[LEASES];
	static mapping_t maps[LEASES];
	int made = 0, wrong = 0, refused = 0, alive = 0, dead = 0, lost = 0;
	uint32_t value;

	for (int i = 0; i < LEASES; i++) {
		struct vfio_region_dma_range range = { page_of_range(i) * PAGE, PAGE };

		leases[i] = lease_export(small.device, BAR2,
					 O_RDWR | O_CLOEXEC, &range, 1);
		if (leases[i] < 0)
			bail("lease %d: errno %d", i, -leases[i]);
		maps[i] = map(leases[i], 0, PAGE, RW);
		made++;
	}
	for (int i = 0; i < LEASES; i++)
		wrong += !read32(maps[i], &value) ||
			 value != pattern(page_of_range(i) * PAGE, SEED);
	is_int(made, LEASES, "2,000 leases are made and mapped");
	is_int(wrong, 0, "each shows its page");

	for (int i = 0; i < LEASES; i += 2)
		refused += lease_revoke(small.device, leases[i]) != 0;
	is_int(refused, 0, "every second one is revoked");
	for (int i = 1; i < LEASES; i += 2)
		lost += faults_of_touching(maps[i], PAGE, PAGE);
	is_int(lost, 0, "none of the others has lost its page");
	for (int i = 0; i < LEASES; i++) {
		if (i % 2)
			dead += !read32(maps[i], &value);
		else
			alive += read32(maps[i], &value);
	}
	is_int(alive, 0, "all of those are SIGBUS");
	is_int(dead, 0, "all others work");

	vfio_close(&small);
	alive = 0;
	for (int i = 0; i < LEASES; i++)
		alive += read32(maps[i], &value);
	is_int(alive, 0, "with the device closed, all are SIGBUS");
	for (int i = 0; i < LEASES; i++) {
		unmap(maps[i], PAGE);
		close(leases[i]);
	}
}

/* Over and over: nothing piles up */
static void one_after_the_other(void)
{
	int failed = 0;

	small = vfio_open(dev_small());
	for (int i = 0; i < 5000; i++) {
		struct vfio_region_dma_range range = { page_of_range(i) * PAGE, PAGE };
		int lease = lease_export(small.device, BAR2,
					 O_RDWR | O_CLOEXEC, &range, 1);

		failed += lease < 0;
		failed += i % 3 == 0 && lease_revoke(small.device, lease);
		close(lease);
	}
	is_int(failed, 0, "5,000 leases one after the other");
	vfio_close(&small);
}

int main(void)
{
	int fds = fds_open(), users = module_users(OUR_MODULE);

	fds_allow(LEASES + 100);
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, MIB(64), PAGE, SEED);
	many_ranges();
	every_other_page();
	one_after_all();
	many_leases();
	one_after_the_other();

	is_int(fds_open(), fds, "no fd is left over");
	is_int(module_users(OUR_MODULE), users,
	       "no reference to the driver is left over");
	return tap_done();
}
