// SPDX-License-Identifier: MIT
/*
 * From an offset in a buffer to a physical address: module/range.c, compared
 * with a walk that is too simple to be wrong
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include <linux/types.h>
#include <cmocka.h>

#include "range.h"

#define PAGE		4096ull
#define MOST_RANGES	65536u

/* What was appended, as it was */
struct reference {
	u64 phys[MOST_RANGES];
	u64 length[MOST_RANGES];
	u32 nr;
};

static struct reference reference;
static struct barlease_ranges *ranges;
static u64 random_state;

static u64 random_below(u64 limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull % limit;
}

static int set_up(void **state)
{
	(void)state;
	ranges = calloc(1, sizeof(*ranges) +
			MOST_RANGES * sizeof(ranges->range[0]));
	memset(&reference, 0, sizeof(reference));
	if (!ranges)
		return -1;
	ranges->room = MOST_RANGES;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(ranges);
	return 0;
}

static void append(u64 phys, u64 length)
{
	assert_int_equal(barlease_ranges_append(ranges, phys, length), 0);
	reference.phys[reference.nr] = phys;
	reference.length[reference.nr] = length;
	reference.nr++;
}

/* false past the end, else the physical address of the offset */
static bool walk(u64 offset, u64 *phys)
{
	for (u32 i = 0; i < reference.nr; i++) {
		if (offset < reference.length[i]) {
			*phys = reference.phys[i] + offset;
			return true;
		}
		offset -= reference.length[i];
	}
	return false;
}

static void check(u64 offset)
{
	struct barlease_extent extent = { 1, 2, 3, 4 };
	u64 phys = 0, end_phys = 0;
	bool found = barlease_ranges_find(ranges, offset, &extent);

	assert_int_equal(found, walk(offset, &phys));
	if (!found)
		return;
	assert_true(extent.range_start <= offset);
	assert_true(offset < extent.range_end);
	assert_true(extent.range_end <= ranges->size);
	assert_true(extent.phys_start + (offset - extent.range_start) == phys);

	/* The whole of the extent, not only the offset, is contiguous */
	assert_true(walk(extent.range_start, &phys));
	assert_true(phys == extent.phys_start);
	assert_true(walk(extent.range_end - 1, &end_phys));
	assert_true(end_phys - phys == extent.range_end - 1 -
				       extent.range_start);
}

static void assert_same(const struct barlease_extent *a,
			const struct barlease_extent *b)
{
	assert_true(a->range_start == b->range_start);
	assert_true(a->range_end == b->range_end);
	assert_true(a->phys_start == b->phys_start);
	assert_int_equal(a->index, b->index);
}

/* One after the other they are what a search finds, and then there is no more */
static void check_in_order(void)
{
	struct barlease_extent extent, found, last;
	u32 n = 1;

	assert_true(barlease_ranges_find(ranges, 0, &extent));
	assert_true(extent.range_start == 0);
	for (last = extent; barlease_ranges_next(ranges, &extent); n++) {
		assert_true(extent.range_start == last.range_end);
		assert_true(barlease_ranges_find(ranges, extent.range_start,
						 &found));
		assert_same(&found, &extent);
		last = extent;
	}
	assert_same(&extent, &last);
	assert_true(extent.range_end == ranges->size);
	assert_int_equal(n, ranges->nr);
}

/* Around each place where one range was appended to another */
static void check_boundaries(void)
{
	u64 boundary = 0;

	check_in_order();
	check(0);
	for (u32 i = 0; i < reference.nr; i++) {
		boundary += reference.length[i];
		check(boundary - PAGE);
		check(boundary - 1);
		check(boundary);
		check(boundary + 1);
		check(boundary + PAGE);
	}
	assert_true(boundary == ranges->size);
	check(~0ull);
}

static void empty(void **state)
{
	struct barlease_extent extent;

	(void)state;
	assert_false(barlease_ranges_find(ranges, 0, &extent));
	assert_false(barlease_ranges_find(ranges, 1, &extent));
	assert_false(barlease_ranges_find(ranges, ~0ull, &extent));
}

static void one(void **state)
{
	(void)state;
	append(0xfe000000, 3 * PAGE);
	assert_int_equal(ranges->nr, 1);
	assert_true(ranges->size == 3 * PAGE);
	check_boundaries();
}

static void at_physical_zero(void **state)
{
	(void)state;
	append(0, PAGE);
	append(PAGE, PAGE);
	assert_int_equal(ranges->nr, 1);
	check_boundaries();
}

static void continuing(void **state)
{
	struct barlease_extent extent;

	(void)state;
	append(0x10000, PAGE);
	append(0x11000, 2 * PAGE);
	append(0x13000, PAGE);
	assert_int_equal(ranges->nr, 1);
	assert_true(barlease_ranges_find(ranges, 2 * PAGE, &extent));
	assert_true(extent.range_start == 0);
	assert_true(extent.range_end == 4 * PAGE);
	check_boundaries();
}

static void continuing_the_second(void **state)
{
	(void)state;
	append(0x10000, PAGE);
	append(0x80000, PAGE);
	append(0x81000, PAGE);
	append(0x11000, PAGE);
	assert_int_equal(ranges->nr, 3);
	check_boundaries();
}

static void not_continuing(void **state)
{
	(void)state;
	append(0x10000, PAGE);
	append(0x12000, PAGE);	/* a gap */
	append(0x12000, PAGE);	/* again */
	append(0x11000, PAGE);	/* just below */
	append(0x11000, 2 * PAGE);	/* overlapping */
	append(0x12000, PAGE);	/* in the midst of the last one */
	assert_int_equal(ranges->nr, 6);
	check_boundaries();
}

static void overflowing(void **state)
{
	(void)state;
	append(0, 1ull << 63);
	append(0x1000, (1ull << 63) - 1);
	assert_true(ranges->size == ~0ull);
	assert_int_equal(ranges->nr, 2);

	assert_int_equal(barlease_ranges_append(ranges, 0x5000, 1),
			 -EOVERFLOW);
	assert_int_equal(barlease_ranges_append(ranges, 0x5000, ~0ull),
			 -EOVERFLOW);
	assert_true(ranges->size == ~0ull);
	assert_int_equal(ranges->nr, 2);
	check(0);
	check((1ull << 63) - 1);
	check(1ull << 63);
	check(~0ull - 1);
	check(~0ull);
}

/* Half of them continue the one before, so that there is much to merge */
static void append_at_random(u32 nr)
{
	u64 next = 0x100000000ull;

	for (u32 i = 0; i < nr; i++) {
		u64 length = (1 + random_below(8)) * PAGE;

		if (random_below(2))
			next = random_below(1 << 20) * PAGE;
		append(next, length);
		next += length;
	}
}

static void random_tables(void **state)
{
	for (u64 seed = 1; seed <= 300; seed++) {
		random_state = seed * 0x9e3779b97f4a7c15ull;
		reference.nr = 0;
		ranges->nr = 0;
		ranges->size = 0;
		ranges->phys_end = 0;
		append_at_random(1 + random_below(120));
		assert_true(ranges->nr <= reference.nr);
		check_boundaries();
	}
	(void)state;
}

static void every_offset(void **state)
{
	(void)state;
	random_state = 2026;
	append_at_random(40);
	for (u64 offset = 0; offset < ranges->size + PAGE; offset += 64)
		check(offset);
}

static void the_most(void **state)
{
	struct barlease_extent extent;

	(void)state;
	for (u64 i = 0; i < MOST_RANGES; i++)
		assert_int_equal(barlease_ranges_append(ranges,
							i * 2 * PAGE, PAGE),
				 0);
	assert_int_equal(ranges->nr, MOST_RANGES);
	for (u64 i = 0; i < MOST_RANGES; i++) {
		u64 offsets[] = { i * PAGE, i * PAGE + 7, (i + 1) * PAGE - 1 };

		for (int n = 0; n < 3; n++) {
			assert_true(barlease_ranges_find(ranges, offsets[n],
							 &extent));
			assert_true(extent.range_start == i * PAGE);
			assert_true(extent.range_end == (i + 1) * PAGE);
			assert_true(extent.phys_start == i * 2 * PAGE);
		}
	}
	assert_false(barlease_ranges_find(ranges, MOST_RANGES * PAGE,
					  &extent));
}

static void the_most_merged(void **state)
{
	struct barlease_extent extent;

	(void)state;
	for (u64 i = 0; i < MOST_RANGES; i++)
		assert_int_equal(barlease_ranges_append(ranges, i * PAGE, PAGE),
				 0);
	assert_int_equal(ranges->nr, 1);
	assert_true(barlease_ranges_find(ranges, 12345 * PAGE, &extent));
	assert_true(extent.range_start == 0);
	assert_true(extent.range_end == MOST_RANGES * PAGE);
}

/* As the driver does it: count, and then append to just enough room */
static void counting(void **state)
{
	struct barlease_ranges counted = { 0 }, *exact;

	(void)state;
	random_state = 7;
	append_at_random(1000);
	for (u32 i = 0; i < reference.nr; i++)
		assert_int_equal(barlease_ranges_append(&counted,
							reference.phys[i],
							reference.length[i]),
				 0);
	assert_int_equal(counted.nr, ranges->nr);
	assert_true(counted.nr < reference.nr);
	assert_true(counted.size == ranges->size);

	exact = calloc(1, sizeof(*exact) +
		       counted.nr * sizeof(exact->range[0]));
	assert_non_null(exact);
	exact->room = counted.nr;
	for (u32 i = 0; i < reference.nr; i++)
		barlease_ranges_append(exact, reference.phys[i],
				       reference.length[i]);
	assert_int_equal(exact->nr, ranges->nr);
	assert_memory_equal(exact->range, ranges->range,
			    exact->nr * sizeof(exact->range[0]));
	free(exact);
}

static void no_room(void **state)
{
	struct barlease_range untouched = { 1, 2 };

	(void)state;
	ranges->room = 1;
	ranges->range[1] = untouched;
	assert_int_equal(barlease_ranges_append(ranges, 0x10000, PAGE), 0);
	assert_int_equal(barlease_ranges_append(ranges, 0x20000, PAGE), 0);
	assert_int_equal(barlease_ranges_append(ranges, 0x21000, PAGE), 0);
	assert_int_equal(ranges->nr, 2);
	assert_true(ranges->size == 3 * PAGE);
	assert_memory_equal(&ranges->range[1], &untouched, sizeof(untouched));
}

#define CHECK(name, fn) { name, fn, set_up, tear_down, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK("an empty buffer has no offset", empty),
		CHECK("one range is found from its first byte to its last", one),
		CHECK("a range at physical address 0 is like any other",
		      at_physical_zero),
		CHECK("ranges that continue each other become one", continuing),
		CHECK("only the last range can be continued",
		      continuing_the_second),
		CHECK("gaps, repeats, overlaps and reverse order stay apart",
		      not_continuing),
		CHECK("a size past 2^64 - 1 is EOVERFLOW and changes nothing",
		      overflowing),
		CHECK("300 random buffers agree with a plain walk at each boundary",
		      random_tables),
		CHECK("a random buffer agrees with a plain walk everywhere",
		      every_offset),
		CHECK("65,536 ranges are found, each from first to last byte",
		      the_most),
		CHECK("65,536 ranges that continue each other become one",
		      the_most_merged),
		CHECK("counting says how much room ranges need, and it is enough",
		      counting),
		CHECK("a range past the room is counted and not kept", no_room),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
