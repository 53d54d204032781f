// SPDX-License-Identifier: MIT
/*
 * Which part of a BAR has which memory attribute: module/parts.c, compared with
 * one attribute a page
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <linux/types.h>
#include <cmocka.h>

#include "parts.h"

#define PAGE	4096ull
#define PAGES	64u

static u32 reference[PAGES];
static struct barlease_parts *now;
static u64 random_state;

static u64 random_below(u64 limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull % limit;
}

static struct barlease_parts *room_for(u32 nr)
{
	struct barlease_parts *parts;

	/* Just that much, for a sanitizer to notice any more */
	parts = calloc(1, sizeof(*parts) + nr * sizeof(parts->part[0]));
	assert_non_null(parts);
	return parts;
}

static int set_up(void **state)
{
	(void)state;
	now = room_for(1);
	now->nr = 1;
	now->part[0].end = PAGES * PAGE;
	now->part[0].memattr = 0;
	for (u32 i = 0; i < PAGES; i++)
		reference[i] = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(now);
	return 0;
}

static void check(void)
{
	u64 begin = 0;

	assert_in_range(now->nr, 1, PAGES);
	for (u32 i = 0; i < now->nr; i++) {
		assert_true(now->part[i].end > begin);
		assert_true(!i || now->part[i].memattr !=
				  now->part[i - 1].memattr);
		begin = now->part[i].end;
	}
	assert_true(begin == PAGES * PAGE);

	for (u32 i = 0; i < PAGES; i++) {
		const struct barlease_part *part;

		part = barlease_parts_find(now, i * PAGE);
		assert_int_equal(part->memattr, reference[i]);
		assert_true(part->end > i * PAGE);
		assert_true(part == now->part || part[-1].end <= i * PAGE);
		assert_ptr_equal(barlease_parts_find(now, (i + 1) * PAGE - 1),
				 part);
	}
}

static void set(u32 first, u32 past, u32 memattr)
{
	struct barlease_parts *to = room_for(now->nr + BARLEASE_PARTS_GROWTH);

	barlease_parts_set(to, now, first * PAGE, past * PAGE, memattr);
	free(now);
	now = to;
	for (u32 i = first; i < past; i++)
		reference[i] = memattr;
	check();
}

static void one(void **state)
{
	(void)state;
	check();
	set(0, PAGES, 0);
	assert_int_equal(now->nr, 1);
	set(0, PAGES, 1);
	assert_int_equal(now->nr, 1);
}

static void edges(void **state)
{
	(void)state;
	set(0, 1, 1);
	assert_int_equal(now->nr, 2);
	set(PAGES - 1, PAGES, 1);
	assert_int_equal(now->nr, 3);
	set(1, PAGES - 1, 1);
	assert_int_equal(now->nr, 1);
}

static void neighbours_join(void **state)
{
	(void)state;
	set(10, 20, 1);
	assert_int_equal(now->nr, 3);
	set(20, 30, 1);
	assert_int_equal(now->nr, 3);
	set(5, 10, 1);
	assert_int_equal(now->nr, 3);
	set(12, 18, 1);
	assert_int_equal(now->nr, 3);
	set(12, 18, 0);
	assert_int_equal(now->nr, 5);
	set(0, 40, 0);
	assert_int_equal(now->nr, 1);
}

static void every_second_page(void **state)
{
	(void)state;
	for (u32 i = 0; i < PAGES; i += 2)
		set(i, i + 1, 1);
	assert_int_equal(now->nr, PAGES);
	set(1, PAGES - 1, 0);
	assert_int_equal(now->nr, 2);
}

static void at_random(void **state)
{
	(void)state;
	random_state = 42;
	for (int i = 0; i < 20000; i++) {
		u32 first = random_below(PAGES);
		u32 most = PAGES - first;

		set(first, first + 1 + random_below(i % 3 ? most : 1),
		    random_below(3));
	}
}

#define CHECK(name, fn) { name, fn, set_up, tear_down, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK("all of a BAR is one part", one),
		CHECK("parts at its edges", edges),
		CHECK("neighbours with one attribute become one part",
		      neighbours_join),
		CHECK("every second page, and all of it back",
		      every_second_page),
		CHECK("20,000 random changes agree with an attribute a page",
		      at_random),
	};

	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
