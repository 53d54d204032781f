// SPDX-License-Identifier: MIT
/*
 * A buffer shows its ranges in the order in which they were given, whatever
 * that is, and any part of it can be mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "prng.h"
#include "tap.h"

#define SEED	6
#define AREA	MIB(4)
#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

static struct vfio small;

static uint64_t total(const struct vfio_region_dma_range *ranges, size_t n)
{
	uint64_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += ranges[i].length;
	return size;
}

/* Where on the BAR a buffer's offset is: a plain walk, to compare with */
static uint64_t on_bar(const struct vfio_region_dma_range *ranges, uint64_t offset)
{
	while (offset >= ranges->length) {
		offset -= ranges->length;
		ranges++;
	}
	return ranges->offset + offset;
}

static uint64_t errors(mapping_t at, const struct vfio_region_dma_range *ranges, uint64_t start,
		       uint64_t size)
{
	uint64_t bad = 0;

	for (uint64_t i = 0; i < size; i += PAGE / 2) {
		uint32_t value;

		if (!read32(at + i, &value) ||
		    value != pattern(on_bar(ranges, start + i), SEED))
			bad++;
	}
	return bad;
}

static int lease_ranges(const struct vfio_region_dma_range *ranges, size_t n)
{
	int lease = lease_export(small.device, BAR2, O_RDWR | O_CLOEXEC,
				 ranges, n);

	if (lease < 0)
		bail("cannot export %zu ranges", n);
	return lease;
}

static void shows(const struct vfio_region_dma_range *ranges, size_t n, const char *what)
{
	uint64_t size = total(ranges, n);
	int lease = lease_ranges(ranges, n);
	mapping_t at = map(lease, 0, size, RW);

	is_int(errors(at, ranges, 0, size), 0, "%s: all of it is right", what);
	is_int(lseek(lease, 0, SEEK_END), size, "%s: the buffer's size is right",
	       what);
	unmap(at, size);
	close(lease);
}

static void shapes(void)
{
	static const struct vfio_region_dma_range one_page[] = { { 3 * PAGE, PAGE } };
	static const struct vfio_region_dma_range ordered[] = {
		{ 0, PAGE }, { 2 * PAGE, PAGE }, { 4 * PAGE, 3 * PAGE },
	};
	static const struct vfio_region_dma_range unordered[] = {
		{ MIB(1), 2 * PAGE }, { 0, PAGE }, { MIB(3), MIB(1) },
		{ PAGE, 4 * PAGE },
	};
	static const struct vfio_region_dma_range reversed[] = {
		{ 3 * PAGE, PAGE }, { 2 * PAGE, PAGE }, { PAGE, PAGE },
		{ 0, PAGE },
	};
	static const struct vfio_region_dma_range overlapping[] = {
		{ 0, 4 * PAGE }, { 2 * PAGE, 4 * PAGE }, { PAGE, 2 * PAGE },
	};
	static const struct vfio_region_dma_range repeated[] = {
		{ PAGE, PAGE }, { PAGE, PAGE }, { PAGE, PAGE },
		{ PAGE, 2 * PAGE },
	};
	static const struct vfio_region_dma_range contiguous[] = {
		{ 0, PAGE }, { PAGE, PAGE }, { 2 * PAGE, MIB(2) },
		{ MIB(2) + 2 * PAGE, PAGE },
	};

	shows(one_page, COUNT(one_page), "one page");
	shows(ordered, COUNT(ordered), "ranges in order");
	shows(unordered, COUNT(unordered), "ranges in no order");
	shows(reversed, COUNT(reversed), "ranges in reverse order");
	shows(overlapping, COUNT(overlapping), "ranges that overlap");
	shows(repeated, COUNT(repeated), "ranges that repeat");
	shows(contiguous, COUNT(contiguous), "ranges that continue each other");
}

static void parts(void)
{
	static const struct vfio_region_dma_range ranges[] = {
		{ MIB(1), 3 * PAGE }, { 0, 2 * PAGE }, { MIB(2), 5 * PAGE },
	};
	int lease = lease_ranges(ranges, COUNT(ranges));
	uint64_t pages = total(ranges, COUNT(ranges)) / PAGE;
	uint64_t bad = 0, maps = 0;

	for (uint64_t first = 0; first < pages; first++) {
		for (uint64_t n = 1; first + n <= pages; n++, maps++) {
			mapping_t at = map(lease, first * PAGE, n * PAGE, RW);

			bad += errors(at, ranges, first * PAGE, n * PAGE);
			unmap(at, n * PAGE);
		}
	}
	is_int(maps, 55, "ten pages have 55 parts");
	is_int(bad, 0, "each part, mapped on its own, is right");
	close(lease);
}

static void written(void)
{
	static const struct vfio_region_dma_range ranges[] = {
		{ MIB(3), PAGE }, { MIB(1), PAGE }, { MIB(3), PAGE },
	};
	int lease = lease_ranges(ranges, COUNT(ranges));
	mapping_t at = map(lease, 0, 3 * PAGE, RW);

	ok(write32(at + 16, 0xa), "a word of the first range is written");
	is_int(vfio_get32(&small, BAR2, MIB(3) + 16), 0xa, "it is on the BAR");
	reads(at + 2 * PAGE + 16, 0xa, "and in the range that repeats it");
	reads(at + PAGE + 16, pattern(MIB(1) + 16, SEED),
	      "and not in the one between");
	vfio_put32(&small, BAR2, MIB(3) + 16, pattern(MIB(3) + 16, SEED));
	unmap(at, 3 * PAGE);
	close(lease);
}

static void at_random(void)
{
	struct prng prng = prng_seeded(2026);
	uint64_t bad = 0;

	for (int round = 0; round < 40; round++) {
		struct vfio_region_dma_range ranges[64];
		size_t n = 1 + prng_below(&prng, COUNT(ranges));
		uint64_t size, start, part;
		mapping_t at;
		int lease;

		for (size_t i = 0; i < n; i++) {
			uint64_t first = prng_below(&prng, AREA / PAGE - 64);
			uint64_t pages = 1 + prng_below(&prng, 64);

			ranges[i] = (struct vfio_region_dma_range){ first * PAGE, pages * PAGE };
		}
		size = total(ranges, n);
		start = prng_below(&prng, size / PAGE) * PAGE;
		part = (1 + prng_below(&prng, (size - start) / PAGE)) * PAGE;
		lease = lease_ranges(ranges, n);
		at = map_aligned(lease, start, part, RW, MIB(2),
				 start % MIB(2));
		bad += errors(at, ranges, start, part);
		unmap(at, part);
		close(lease);
	}
	is_int(bad, 0, "parts of 40 buffers of random ranges are right");
}

int main(void)
{
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, AREA, 4, SEED);

	shapes();
	parts();
	written();
	at_random();

	vfio_close(&small);
	return tap_done();
}
