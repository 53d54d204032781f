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

#include <linux/math64.h>
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

/* Another buffer */
static void begin(void)
{
	reference.nr = 0;
	ranges->nr = 0;
	ranges->size = 0;
	ranges->phys_end = 0;
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
		begin();
		append_at_random(1 + random_below(120));
		if (seed % 2)
			barlease_ranges_finish(ranges);
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
	barlease_ranges_finish(ranges);
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
	barlease_ranges_finish(ranges);
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

/* Lengths, of one buffer each: page counts of its ranges */
static u64 all_equal(u32 i)
{
	(void)i;
	return 3;
}

static u64 nearly_equal(u32 i)
{
	return 100 + i % 2;
}

static u64 at_random(u32 i)
{
	(void)i;
	return 1 + random_below(8);
}

static u64 powers_of_two(u32 i)
{
	(void)i;
	return 1ull << random_below(24);
}

static u64 rising(u32 i)
{
	return 1 + i;
}

static u64 falling(u32 i)
{
	return (1ull << 40) / (1 + i) + 1;
}

static u64 first_is_huge(u32 i)
{
	return i ? 1 : 1ull << 40;
}

static u64 last_is_huge(u32 i)
{
	return i == MOST_RANGES - 1 ? 1ull << 40 : 1;
}

static u64 small_half(u32 i)
{
	return i < MOST_RANGES / 2 ? 1 : 100000;
}

static u64 islands(u32 i)
{
	return i % 1000 ? 1 : 1ull << 20;
}

static u64 (*const shapes[])(u32 i) = {
	all_equal, nearly_equal, at_random, powers_of_two, rising, falling,
	first_is_huge, last_is_huge, small_half, islands,
};

#define SHAPES	(sizeof(shapes) / sizeof(*shapes))

static const u32 numbers[] = { 1, 2, 3, 7, 64, 500, 4095, 30000, MOST_RANGES };

#define NUMBERS	(sizeof(numbers) / sizeof(*numbers))

/* No two continue each other, so what was appended is what is found. */
static void append_shape(u64 (*pages)(u32 i), u32 nr)
{
	begin();
	for (u32 i = 0; i < nr; i++)
		append((u64)(MOST_RANGES - i) << 44, pages(i) * PAGE);
	assert_int_equal(ranges->nr, nr);
	barlease_ranges_finish(ranges);
}

static void find_at(u32 index, u64 offset, u64 start)
{
	struct barlease_extent extent;

	assert_true(barlease_ranges_find(ranges, offset, &extent));
	assert_int_equal(extent.index, index);
	assert_true(extent.range_start == start);
	assert_true(extent.range_end == start + reference.length[index]);
	assert_true(extent.phys_start == reference.phys[index]);
}

/* The plain walk, once along all of them */
static void find_each(void)
{
	struct barlease_extent extent;
	u64 start = 0;

	for (u32 i = 0; i < reference.nr; i++) {
		find_at(i, start, start);
		find_at(i, start + random_below(reference.length[i]), start);
		find_at(i, start + reference.length[i] - 1, start);
		start += reference.length[i];
	}
	assert_true(start == ranges->size);
	assert_false(barlease_ranges_find(ranges, start, &extent));
}

static void shapes_and_numbers(void **state)
{
	(void)state;
	random_state = 16;
	for (size_t i = 0; i < SHAPES; i++) {
		for (size_t n = 0; n < NUMBERS; n++) {
			append_shape(shapes[i], numbers[n]);
			find_each();
		}
	}
}

/* Whatever the guess comes from, it only costs time. */
static void wrong_guesses(void **state)
{
	static const u64 per_byte[] = { 0, 1, 1ull << 32, 1ull << 63, ~0ull };

	(void)state;
	random_state = 61;
	for (size_t i = 0; i < sizeof(per_byte) / sizeof(*per_byte); i++) {
		for (size_t n = 0; n < NUMBERS; n++) {
			append_shape(at_random, numbers[n]);
			ranges->per_byte = per_byte[i];
			find_each();
		}
	}
}

/* Of pages, as those are what the driver has */
static void guesses_of_equal_ranges(void **state)
{
	static const u64 pages[] = { 1, 2, 3, 5, 7, 512, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		u64 length = pages[i] * PAGE;

		begin();
		for (u32 n = 0; n < MOST_RANGES; n++)
			barlease_ranges_append(ranges, 2 * n * length, length);
		barlease_ranges_finish(ranges);
		for (u64 n = 0; n < MOST_RANGES; n++) {
			u64 start = n * length, last = start + length - PAGE;

			assert_int_equal(mul_u64_u64_shr(start,
							 ranges->per_byte, 64),
					 n);
			assert_int_equal(mul_u64_u64_shr(last,
							 ranges->per_byte, 64),
					 n);
		}
	}
}

/* Of no range, and where the quotient does not fit */
static void finishing_oddly(void **state)
{
	(void)state;
	barlease_ranges_finish(ranges);
	check(0);
	append(0x10000, 1);
	barlease_ranges_finish(ranges);
	check(0);
	check(1);
	begin();
	append(0x10000, 1);
	append(0x20000, 1);
	append(0x30000, 1);
	barlease_ranges_finish(ranges);
	for (u64 offset = 0; offset < 4; offset++)
		check(offset);
	begin();
	append(0, 1ull << 63);
	append(0x1000, (1ull << 63) - 1);
	barlease_ranges_finish(ranges);
	check((1ull << 63) - 1);
	check(1ull << 63);
	check(~0ull - 1);
	check(~0ull);
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
		CHECK("ranges of any size, 1 to 65,536 of them, are found",
		      shapes_and_numbers),
		CHECK("they are found from any first guess", wrong_guesses),
		CHECK("of equal ranges the first guess is right",
		      guesses_of_equal_ranges),
		CHECK("no range, tiny ones and the largest can be finished",
		      finishing_oddly),
		CHECK("65,536 ranges that continue each other become one",
		      the_most_merged),
		CHECK("counting says how much room ranges need, and it is enough",
		      counting),
		CHECK("a range past the room is counted and not kept", no_room),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
