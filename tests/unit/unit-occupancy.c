// SPDX-License-Identifier: MIT
/*
 * The drawing of which bytes of a BAR are taken, and what goes into it: sizes,
 * ranges, tables
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "number.h"
#include "occupancy.h"
#include "ranges.h"
#include "record.h"
#include "size.h"
#include "table.h"

#define KIB(n)	((uint64_t)(n) << 10)
#define MIB(n)	((uint64_t)(n) << 20)

static const struct extent doorbell[] = { { KIB(4), KIB(4) } };
static const struct extent window[] = {
	{ MIB(32), MIB(1) }, { MIB(4), MIB(4) },
};

static const struct occupant occupants[] = {
	{ "1 doorbell", doorbell, 1 },
	{ "2 window", window, 2 },
};

static void expect_lines(uint64_t size, size_t nr, unsigned int width,
			 bool ascii, const char *const *want)
{
	char **lines;
	size_t i;

	assert_int_equal(occupancy_draw(size, occupants, nr, width, ascii,
					&lines), 0);
	for (i = 0; want[i]; i++)
		assert_string_equal(lines[i], want[i]);
	assert_null(lines[i]);
	occupancy_free(lines);
}

static void draws_to_scale(void **state)
{
	static const char *const want[] = {
		"            0               16 MiB          32 MiB          48 MiB     64 MiB",
		"            |---------------|---------------|---------------|---------------|",
		"1 doorbell |+                                                               |",
		"2 window   |    ####                        #                               |",
		NULL,
	};

	(void)state;
	expect_lines(MIB(64), 2, 80, true, want);
	/* Wider is no better before there is room for twice as many columns. */
	expect_lines(MIB(64), 2, 140, true, want);
}

static void draws_in_unicode(void **state)
{
	static const char *const want[] = {
		"            0               16 MiB          32 MiB          48 MiB     64 MiB",
		"            ┼───────────────┼───────────────┼───────────────┼───────────────┼",
		"1 doorbell │▒                                                               │",
		NULL,
	};

	(void)state;
	expect_lines(MIB(64), 1, 80, false, want);
}

static void draws_on_little_room(void **state)
{
	static const char *const want[] = {
		"            0          16 KiB",
		"            |-------|-------|",
		"1 doorbell |    ####        |",
		NULL,
	};

	(void)state;
	expect_lines(KIB(16), 1, 40, true, want);
	expect_lines(KIB(16), 1, 1, true, want);
}

/* A BAR of a size that no BAR has: every byte is in one column, all the same */
static void covers_every_byte(void **state)
{
	const struct extent all = { 0, 1000003 }, last = { 1000002, 1 };
	const struct occupant odd[] = { { "a", &all, 1 }, { "b", &last, 1 } };
	char **lines;

	(void)state;
	assert_int_equal(occupancy_draw(1000003, odd, 2, 20, true, &lines), 0);
	assert_string_equal(lines[2], "a |################|");
	assert_string_equal(lines[3], "b |               +|");
	occupancy_free(lines);
}

static void draws_nothing(void **state)
{
	static const char *const want[] = {
		"  0          16 KiB",
		"  |-------|-------|",
		NULL,
	};

	(void)state;
	expect_lines(KIB(16), 0, 20, true, want);
}

static void counts_shared_bytes_once(void **state)
{
	static const struct extent overlapping[] = {
		{ KIB(8), KIB(8) }, { 0, KIB(12) }, { KIB(16), KIB(4) },
		{ KIB(4), KIB(4) }, { KIB(4), KIB(4) },
	};
	const struct occupant two[] = {
		{ "a", overlapping, 5 }, { "b", doorbell, 1 },
	};
	uint64_t taken;

	(void)state;
	assert_int_equal(occupancy_taken(two, 2, &taken), 0);
	assert_true(taken == KIB(20));
	assert_int_equal(occupancy_taken(two, 0, &taken), 0);
	assert_true(taken == 0);
}

static void expect_size(uint64_t size, const char *want)
{
	assert_string_equal(size_text(size).text, want);
}

static void sizes(void **state)
{
	(void)state;
	expect_size(0, "0 B");
	expect_size(256, "256 B");
	expect_size(1023, "1023 B");
	expect_size(4096, "4 KiB");
	expect_size(MIB(64), "64 MiB");
	expect_size(MIB(6) + KIB(512), "6.5 MiB");
	expect_size(MIB(5) + KIB(4), "5.0 MiB");
	expect_size(1ull << 40, "1 TiB");
	expect_size(UINT64_MAX, "15.9 EiB");
}

static void ranges(void **state)
{
	struct extent *extents;
	char text[80];
	size_t nr;

	(void)state;
	assert_int_equal(ranges_parse("0x1000+0x2000,16384+4096", &extents,
				      &nr), 0);
	assert_int_equal(nr, 2);
	assert_true(extents[0].offset == 0x1000 && extents[0].length == 0x2000);
	assert_true(extents[1].offset == 16384 && extents[1].length == 4096);
	ranges_describe(extents, nr, text, sizeof(text));
	assert_string_equal(text, "0x1000-0x2fff and 1 more");
	ranges_describe(extents, 1, text, sizeof(text));
	assert_string_equal(text, "0x1000-0x2fff");
	free(extents);
}

static void bad_ranges(void **state)
{
	static const char *const bad[] = {
		"", ",", "1", "1+", "+1", "1+0", "1+2,", ",1+2", "1+2;3+4",
		"1+-1", "-1+1", "1+2 ", "0xffffffffffffffff+2",
	};
	struct extent *extents;
	size_t i, nr;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(ranges_parse(bad[i], &extents, &nr), -EPROTO);
}

static void numbers(void **state)
{
	static const char *const bad[] = {
		"", "-1", "+1", " 1", "1 ", "0x", "x", "1k", "0x100000000",
		"4294967296", "99999999999999999999999",
	};
	uint64_t number;
	size_t i;

	(void)state;
	assert_true(parse_number("0x10", UINT32_MAX, &number));
	assert_true(number == 16);
	assert_true(parse_number("010", UINT32_MAX, &number));
	assert_true(number == 10);
	assert_true(parse_number("0xffffffff", UINT32_MAX, &number));
	assert_true(number == UINT32_MAX);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(parse_number(bad[i], UINT32_MAX, &number));
}

static void records(void **state)
{
	static const char *const bad[] = {
		"", " id=1", "lease id", "lease id=1 ", "lease =1",
		"lease  id=1",
	};
	struct record record;
	size_t i;

	(void)state;
	assert_int_equal(record_parse("lease id=12 slice=a=b group=", &record),
			 0);
	assert_string_equal(record.word, "lease");
	assert_true(record_number(&record, "id") == 12);
	assert_string_equal(record_get(&record, "slice"), "a=b");
	assert_string_equal(record_get(&record, "group"), "");
	assert_string_equal(record_get(&record, "bar"), "");
	assert_true(record_number(&record, "bar") == 0);
	record_free(&record);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(record_parse(bad[i], &record), -EPROTO);
}

static void tables(void **state)
{
	static const char *const headings[] = { "NAME", ">SIZE", "WHY", NULL };
	struct table *table = table_new(headings);
	char *text;
	size_t size;
	FILE *to;

	(void)state;
	assert_non_null(table);
	table_add(table, "doorbell");
	table_add(table, "%d", 4);
	table_add(table, "-");
	table_add(table, "x");
	table_add(table, "%d", 4096000);
	table_add(table, "because");
	to = open_memstream(&text, &size);
	assert_non_null(to);
	table_print(table, to);
	fclose(to);
	assert_string_equal(text,
			    "NAME         SIZE  WHY\n"
			    "doorbell        4  -\n"
			    "x         4096000  because\n");
	free(text);
	table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_to_scale),
		cmocka_unit_test(draws_in_unicode),
		cmocka_unit_test(draws_on_little_room),
		cmocka_unit_test(covers_every_byte),
		cmocka_unit_test(draws_nothing),
		cmocka_unit_test(counts_shared_bytes_once),
		cmocka_unit_test(sizes),
		cmocka_unit_test(ranges),
		cmocka_unit_test(bad_ranges),
		cmocka_unit_test(numbers),
		cmocka_unit_test(records),
		cmocka_unit_test(tables),
	};

	return cmocka_run_group_tests_name("occupancy", tests, NULL, NULL);
}
