// SPDX-License-Identifier: MIT
/*
 * 64 MiB of words, written one way and read another, are all there
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "tap.h"

#define SIZE	MIB(64)
#define WORDS	(SIZE / 4)

static struct vfio small;

static uint32_t word(uint64_t index, uint32_t seed)
{
	return (uint32_t)index * 2654435761u ^ seed;
}

static void fill(mapping_t at, uint32_t seed)
{
	for (uint64_t i = 0; i < WORDS; i++)
		((volatile uint32_t *)at)[i] = word(i, seed);
}

static uint64_t count_wrong(mapping_t at, uint64_t first, uint64_t words,
			    uint32_t seed)
{
	uint64_t bad = 0;

	for (uint64_t i = 0; i < words; i++)
		if (((volatile uint32_t *)at)[i] != word(first + i, seed))
			bad++;
	return bad;
}

static uint64_t wrong_by_pread(uint32_t seed)
{
	const size_t chunk = KIB(64);
	uint64_t bar = vfio_region(&small, BAR2).offset, bad = 0;
	uint32_t *buffer = malloc(chunk);

	if (!buffer)
		bail("no memory");
	/* A sixteenth of it: the kernel reads a word at a time */
	for (uint64_t at = 0; at < SIZE; at += 16 * chunk) {
		if (pread(small.device, buffer, chunk, bar + at) !=
		    (ssize_t)chunk)
			bail("pread(): %s", strerror(errno));
		for (size_t i = 0; i < chunk / 4; i++)
			bad += buffer[i] != word(at / 4 + i, seed);
	}
	free(buffer);
	return bad;
}

/* The BAR's two halves, the other way round */
static int swapped_halves(void)
{
	static const struct vfio_region_dma_range ranges[] = {
		{ SIZE / 2, SIZE / 2 }, { 0, SIZE / 2 },
	};
	int lease = lease_export(small.device, BAR2, O_RDWR, ranges, 2);

	if (lease < 0)
		bail("cannot export two halves");
	return lease;
}

int main(void)
{
	int lease, halves;
	mapping_t odd, even, swapped, bar;

	small = vfio_open(dev_small());
	lease = lease_of(small.device, BAR2, 0, SIZE);
	halves = swapped_halves();
	odd = map_aligned(lease, 0, SIZE, RW, MIB(2), 3 * PAGE);
	even = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	swapped = map_aligned(halves, 0, SIZE, RW, MIB(2), 0);
	bar = map_bar(&small, BAR2, 0, SIZE);

	fill(even, 0x1111);
	is_int(count_wrong(even, 0, WORDS, 0x1111), 0,
	       "64 MiB written through a lease are there");
	is_int(count_wrong(odd, 0, WORDS, 0x1111), 0,
	       "and in small pages at another address");
	is_int(count_wrong(swapped, WORDS / 2, WORDS / 2, 0x1111), 0,
	       "and in a lease of the two halves: second half");
	is_int(count_wrong(swapped + SIZE / 2, 0, WORDS / 2, 0x1111), 0,
	       "and first half");
	is_int(count_wrong(bar, 0, WORDS, 0x1111), 0,
	       "and in a BAR map of the device");
	is_int(wrong_by_pread(0x1111), 0, "and for pread()");

	fill(odd, 0x2222);
	is_int(count_wrong(even, 0, WORDS, 0x2222), 0,
	       "64 MiB written in small pages are there in huge ones");
	is_int(wrong_by_pread(0x2222), 0, "and for pread()");

	fill(bar, 0x3333);
	is_int(count_wrong(even, 0, WORDS, 0x3333), 0,
	       "64 MiB written through the BAR map are in the lease");

	unmap(odd, SIZE);
	unmap(even, SIZE);
	unmap(swapped, SIZE);
	unmap(bar, SIZE);
	close(lease);
	close(halves);
	vfio_close(&small);
	return tap_done();
}
