// SPDX-License-Identifier: MIT
/*
 * What barlease top shows, and what its keys do: without a terminal, a broker or
 * devices
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
#include "top/frame.h"

#define NOW	1000000000

static const char *const some_leases[] = {
	"lease id=7 slice=doorbell-10 device=0000:03:00.0 bar=2 ranges=0x1000+0x1000 size=4096 access=rw memattr=nc uid=1001 pid=30 since=999999988 state=held",
	"lease id=3 slice=doorbell-9 device=0000:03:00.0 bar=2 ranges=0x0+0x1000 size=4096 access=rw memattr=nc uid=1002 pid=20 since=999996400 state=held",
	"lease id=9 slice=disk device=0000:03:00.0 bar=2 ranges=0x100000+0x200000 size=2097152 access=rw memattr=nc interrupts=0-1 dma=16777216 uid=1001 pid=10 since=999999000 state=ending vectors=2 mapped=65536",
	NULL,
};

static const char *const some_counters[] = {
	"counter name=acquired value=12",
	"counter name=ended reason=released value=4",
	"counter name=ended reason=ordered value=5",
	"counter name=refused value=1",
	NULL,
};

static void take(struct records *records, const char *const *lines)
{
	struct record record;

	for (; lines && *lines; lines++) {
		assert_int_equal(record_parse(*lines, &record), 0);
		assert_int_equal(records_add(records, &record), 0);
	}
}

/* One device with a BAR of 4 MiB */
static struct top_look look_at(const char *const *leases)
{
	static const char *const devices[] = {
		"device name=0000:03:00.0 state=open", NULL,
	};
	struct top_look look = { .ms = 5000, .now = NOW };
	size_t i;

	take(&look.devices, devices);
	take(&look.leases, leases);
	take(&look.counters, some_counters);
	look.device = calloc(1, sizeof(*look.device));
	look.holder = calloc(look.leases.nr ?: 1, sizeof(*look.holder));
	assert_non_null(look.device);
	assert_non_null(look.holder);
	stpcpy(look.device->pci.bdf, "0000:03:00.0");
	look.device->pci.bar[2] = (struct pci_bar){
		.size = 4 << 20, .memory = true,
	};
	look.device->counts = true;
	for (i = 0; i < TOP_COUNTS; i++)
		look.device->count[i] = 10 * (i + 1);
	for (i = 0; i < look.leases.nr; i++) {
		stpcpy(look.holder[i].user, i ? "bob" : "alice");
		stpcpy(look.holder[i].program, i == 2 ? "nvme-worker" : "sh");
	}
	return look;
}

/* ---- Rows ------------------------------------------------------------------------ */

/* @want: numbers of leases, in their order, and a 0 */
static void expect_rows(const char *filter, enum top_column by, bool downwards,
			const uint64_t *want)
{
	struct top_look look = look_at(some_leases);
	struct top_rows rows;
	size_t i;

	assert_int_equal(top_rows_make(&look, filter, by, downwards, &rows), 0);
	for (i = 0; want[i]; i++) {
		assert_true(i < rows.nr);
		assert_int_equal(rows.row[i].id, want[i]);
	}
	assert_int_equal(rows.nr, i);
	top_rows_free(&rows);
	top_look_free(&look);
}

#define expect(filter, by, downwards, ...) \
	expect_rows(filter, by, downwards, (const uint64_t[]){ __VA_ARGS__ })

static void sorts(void **state)
{
	(void)state;
	expect("", TOP_LEASE, false, 3, 7, 9, 0);
	expect("", TOP_LEASE, true, 9, 7, 3, 0);
	/* Numbers in names, and those that are the same by number in either direction */
	expect("", TOP_SLICE, false, 9, 3, 7, 0);
	expect("", TOP_SIZE, false, 3, 7, 9, 0);
	expect("", TOP_SIZE, true, 9, 3, 7, 0);
	expect("", TOP_PID, false, 9, 3, 7, 0);
	expect("", TOP_USER, false, 7, 3, 9, 0);
	expect("", TOP_STATE, false, 9, 3, 7, 0);
	expect("", TOP_AGE, true, 3, 9, 7, 0);
	expect("", TOP_DMA, true, 9, 3, 7, 0);
	expect("", TOP_IRQS, true, 9, 3, 7, 0);
	expect("", TOP_PROGRAM, false, 9, 3, 7, 0);
	expect("", TOP_DEVICE, true, 3, 7, 9, 0);
	expect("", TOP_BAR, false, 3, 7, 9, 0);
}

static void filters(void **state)
{
	(void)state;
	expect("DOORBELL", TOP_LEASE, false, 3, 7, 0);
	expect("alice", TOP_LEASE, false, 7, 0);
	expect("2 MiB", TOP_LEASE, false, 9, 0);
	expect("12s", TOP_LEASE, false, 7, 0);
	expect("%s\033", TOP_LEASE, false, 0);
}

static void what_is_in_a_row(void **state)
{
	static const char *const want[TOP_COLUMNS] = {
		"9", "ending", "disk", "0000:03:00.0", "2", "2 MiB", "bob",
		"10", "16m40s", "2", "64 KiB", "nvme-worker",
	};
	struct top_look look = look_at(some_leases);
	struct top_rows rows;
	size_t i;

	(void)state;
	assert_int_equal(top_rows_make(&look, "disk", TOP_LEASE, false, &rows),
			 0);
	assert_int_equal(rows.nr, 1);
	for (i = 0; i < TOP_COLUMNS; i++)
		assert_string_equal(rows.row[0].cell[i], want[i]);
	top_rows_free(&rows);
	top_look_free(&look);
}

/* Of an older broker, and of a slice that is gone */
static void a_row_of_little(void **state)
{
	static const char *const leases[] = { "lease id=4 uid=1 pid=2", NULL };
	struct top_look look = look_at(leases);
	struct top_rows rows;

	(void)state;
	assert_int_equal(top_rows_make(&look, "", TOP_AGE, true, &rows), 0);
	assert_string_equal(rows.row[0].cell[TOP_STATE], "held");
	assert_string_equal(rows.row[0].cell[TOP_DEVICE], "");
	assert_string_equal(rows.row[0].cell[TOP_AGE], "");
	top_rows_free(&rows);
	top_look_free(&look);
}

/* ---- Counters ----------------------------------------------------------------------- */

static void rates(void **state)
{
	struct top_look look = look_at(NULL);

	(void)state;
	assert_int_equal(top_counted(&look, "ended"), 9);
	assert_int_equal(top_counted(&look, "nonsense"), 0);
	assert_string_equal(top_rate(0, 5, 2000).text, "2.5");
	assert_string_equal(top_rate(5, 5, 1).text, "0.0");
	/* Begun anew; and no time between */
	assert_string_equal(top_rate(5, 4, 1000).text, "-");
	assert_string_equal(top_rate(0, 5, 0).text, "-");
	assert_string_equal(top_rate(0, UINT64_MAX, 1000).text,
			    "18446744073709551616.0");
	top_look_free(&look);
}

static void ages(void **state)
{
	(void)state;
	assert_string_equal(top_age(0).text, "0s");
	assert_string_equal(top_age(59).text, "59s");
	assert_string_equal(top_age(60).text, "1m00s");
	assert_string_equal(top_age(3599).text, "59m59s");
	assert_string_equal(top_age(3600).text, "1h00m");
	assert_string_equal(top_age(86399).text, "23h59m");
	assert_string_equal(top_age(86400).text, "1d00h");
	assert_string_equal(top_age(UINT64_MAX).text, "213503982334601d07h");
}

static void intervals(void **state)
{
	static const char *const bad[] = {
		"", ".", ".5", "1.", "-1", "+1", " 1", "1 ", "1e3", "0x10",
		"1.5s", "1.2.3", "3600.001", "3601", "99999999999999999999",
		"1,5",
	};
	uint64_t ms;
	size_t i;

	(void)state;
	assert_true(parse_thousandths("0.25", 3600000, &ms));
	assert_int_equal(ms, 250);
	assert_true(parse_thousandths("3600", 3600000, &ms));
	assert_int_equal(ms, 3600000);
	assert_true(parse_thousandths("2.00199", 3600000, &ms));
	assert_int_equal(ms, 2001);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(parse_thousandths(bad[i], 3600000, &ms));
}

/* ---- Keys -------------------------------------------------------------------------- */

/* What is shown, and how */
static struct {
	struct top_look look;
	struct top_rows rows;
	struct top_view view;
} now;

/* As the program does before each key */
static void arrange(const char *const *leases)
{
	top_rows_free(&now.rows);
	top_look_free(&now.look);
	now.look = look_at(leases);
	assert_int_equal(top_rows_make(&now.look, now.view.filter, now.view.by,
				       now.view.downwards, &now.rows), 0);
	top_select(&now.view, &now.rows);
}

static enum top_wish press(int key)
{
	enum top_wish wish = top_key(&now.view, &now.rows, 2, key);

	arrange(some_leases);
	return wish;
}

static int begin(void **state)
{
	(void)state;
	now.view = (struct top_view){ .interval = 1000 };
	arrange(some_leases);
	return 0;
}

static int end(void **state)
{
	(void)state;
	top_rows_free(&now.rows);
	top_look_free(&now.look);
	return 0;
}

static void type(const char *text)
{
	for (; *text; text++)
		assert_int_equal(press((unsigned char)*text), TOP_NOTHING);
}

static void moves(void **state)
{
	(void)state;
	assert_int_equal(now.view.selected, 3);
	press(TOP_KEY_DOWN);
	assert_int_equal(now.view.selected, 7);
	press('j');
	press('j');
	assert_int_equal(now.view.selected, 9);
	press(TOP_KEY_PAGE_UP);
	assert_int_equal(now.view.selected, 3);
	press(TOP_KEY_UP);
	assert_int_equal(now.view.selected, 3);
	press(TOP_KEY_PAGE_DOWN);
	assert_int_equal(now.view.selected, 9);
	press('k');
	press(TOP_KEY_HOME);
	assert_int_equal(now.view.selected, 3);
	press(TOP_KEY_END);
	assert_int_equal(now.view.selected, 9);
}

/* It is a lease that is selected, not a line. */
static void follows_a_lease(void **state)
{
	(void)state;
	press(TOP_KEY_DOWN);
	press('i');
	press('s');
	press('s');
	assert_int_equal(now.view.by, TOP_SLICE);
	assert_int_equal(now.view.selected, 7);
	assert_int_equal(now.view.at, 0);
	/* What is in its place where it is no more */
	press('i');
	assert_int_equal(now.view.at, 2);
	arrange(some_leases + 1);
	assert_int_equal(now.view.selected, 3);
	assert_int_equal(now.view.at, 1);
	arrange(NULL);
	assert_int_equal(now.view.selected, 0);
	assert_int_equal(now.view.at, 0);
}

static void sorts_by_keys(void **state)
{
	unsigned int i;

	(void)state;
	press('S');
	assert_int_equal(now.view.by, TOP_PROGRAM);
	press('s');
	for (i = 0; i < TOP_COLUMNS; i++)
		press('s');
	assert_int_equal(now.view.by, TOP_LEASE);
}

static void types_a_filter(void **state)
{
	(void)state;
	press('/');
	/* None of these is an order now. */
	type("qris\xc3\xa4");
	assert_string_equal(now.view.filter, "qris\xc3\xa4");
	press(TOP_KEY_ERASE);
	assert_string_equal(now.view.filter, "qris");
	type("0123456789012345678901234567890123456789012345678901234567890123456789");
	assert_int_equal(strlen(now.view.filter), 63);
	press(TOP_KEY_ESCAPE);
	assert_string_equal(now.view.filter, "");
	assert_int_equal(now.view.mode, TOP_LIST);
	press('/');
	press(TOP_KEY_ERASE);
	type("disk");
	press(TOP_KEY_DOWN);
	press(0x7f);
	press('\033');
	assert_string_equal(now.view.filter, "disk");
	press(TOP_KEY_ENTER);
	assert_int_equal(now.rows.nr, 1);
	assert_int_equal(now.view.selected, 9);
	press(TOP_KEY_ESCAPE);
	assert_int_equal(now.rows.nr, 3);
}

static void asks_before_it_revokes(void **state)
{
	static const int no[] = {
		'n', 'r', 'q', ' ', TOP_KEY_ENTER, TOP_KEY_ESCAPE,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(no) / sizeof(*no); i++) {
		assert_int_equal(press('r'), TOP_NOTHING);
		assert_string_equal(now.view.said,
				    "revoke lease 3 (doorbell-9) of bob? y or n");
		assert_int_equal(press(TOP_KEY_NONE), TOP_NOTHING);
		assert_int_equal(now.view.mode, TOP_ASK);
		assert_int_equal(press(no[i]), TOP_NOTHING);
		assert_string_equal(now.view.said, "lease 3 is left alone");
	}
	press('r');
	/* It is about the lease that was asked about, whatever happens meanwhile. */
	arrange(some_leases + 2);
	assert_int_equal(now.view.selected, 9);
	assert_int_equal(press('y'), TOP_REVOKE);
	assert_int_equal(now.view.asked, 3);
	arrange(NULL);
	assert_int_equal(top_key(&now.view, &now.rows, 2, 'r'), TOP_NOTHING);
	assert_int_equal(now.view.mode, TOP_LIST);
	assert_string_equal(now.view.said, "there is no lease to be revoked");
}

static void helps_and_quits(void **state)
{
	(void)state;
	press('h');
	assert_int_equal(now.view.mode, TOP_HELP);
	assert_int_equal(press('x'), TOP_NOTHING);
	assert_int_equal(now.view.mode, TOP_LIST);
	assert_int_equal(press('q'), TOP_QUIT);
	press('?');
	assert_int_equal(press('q'), TOP_QUIT);
	press('/');
	assert_int_equal(press(TOP_KEY_GONE), TOP_QUIT);
}

/* ---- Frames ------------------------------------------------------------------------- */

static struct top_frame frame_of(const struct top_look *before,
				 unsigned int width, unsigned int height)
{
	const struct top_screen screen = { width, height, true };
	struct top_frame frame;

	assert_int_equal(top_frame_make(&now.view, before, &now.look,
					&now.rows, &screen, &frame), 0);
	return frame;
}

static void all_of_it(void **state)
{
	static const char *const want[] = {
		"",
		"DEVICE        STATE  FAULTS  A SECOND  REVOKES  A SECOND  REFUSED  A SECOND",
		"0000:03:00.0  open       10       2.5       20       0.0       30         -",
		"",
		"BARLEASED  ACQUIRED  ENDED  REFUSED  RESETS  RELOADS  GONE  BACK",
		"in all           12      9        1       0        0     0     0",
		"a second        0.0    0.0      0.0     0.0      0.0   0.0   0.0",
		"",
		"0000:03:00.0 BAR 2: 4 MiB, 2.0 MiB of it leased, by 3 leases",
		"               0               1 MiB           2 MiB           3 MiB       4 MiB",
		"               |---------------|---------------|---------------|---------------|",
		"7 doorbell-10 |+                                                               |",
		"3 doorbell-9  |+                                                               |",
		"9 disk        |                ################################                |",
		"",
		"LEASE  STATE   SLICE        DEVICE        BAR   SIZE  USER   PID   SINCE  IRQS     DMA  PROGRAM",
		"    3  held    doorbell-9   0000:03:00.0    2  4 KiB  bob     20   1h00m     -       -  sh",
		"    7  held    doorbell-10  0000:03:00.0    2  4 KiB  alice   30     12s     -       -  sh",
		"    9  ending  disk         0000:03:00.0    2  2 MiB  bob     10  16m40s     2  64 KiB  nvme-worker",
	};
	struct top_look before = look_at(NULL);
	struct top_frame frame;
	size_t i;

	(void)state;
	before.ms = 3000;
	before.device->count[TOP_FAULTS] = 5;
	before.device->count[TOP_REFUSED] = 31;
	frame = frame_of(&before, 82, 0);
	assert_int_equal(frame.nr, sizeof(want) / sizeof(*want) + 1);
	assert_non_null(strstr(frame.line[0],
			       "  leases: 2 held, 1 ending, 0 kept; every 1 s, by LEASE"));
	for (i = 1; i < frame.nr; i++)
		assert_string_equal(frame.line[i], want[i - 1]);
	assert_string_equal(frame.line[frame.heading], want[15]);
	assert_true(frame.selected == TOP_NOWHERE);
	top_frame_free(&frame);
	top_look_free(&before);
}

/* The first look has nothing before it, and a device that is away no counters. */
static void nothing_before(void **state)
{
	struct top_frame frame;

	(void)state;
	frame = frame_of(NULL, 80, 0);
	assert_non_null(strstr(frame.line[3], "open       10         -"));
	top_frame_free(&frame);
	now.look.device->counts = false;
	frame = frame_of(&now.look, 80, 0);
	assert_non_null(strstr(frame.line[3], "open        -         -"));
	top_frame_free(&frame);
}

/* Of all modes, sizes and places: never more than there is room for */
static void fits_every_screen(void **state)
{
	struct top_frame frame;
	unsigned int height, width;

	(void)state;
	for (now.view.mode = TOP_LIST; now.view.mode <= TOP_ASK;
	     now.view.mode++)
		for (height = 1; height <= 40; height++)
			for (width = 1; width <= 500; width += 83) {
				frame = frame_of(&now.look, width, height);
				assert_int_equal(frame.nr, height);
				assert_true(frame.page > 0);
				assert_true(frame.selected == TOP_NOWHERE ||
					    frame.selected + 1 < frame.nr);
				top_frame_free(&frame);
			}
}

static void leaves_out_what_has_no_room(void **state)
{
	struct top_frame frame;

	(void)state;
	/* Each lease has a line in the drawing; then all have one; then none is drawn. */
	frame = frame_of(NULL, 82, 23);
	assert_string_equal(frame.line[12],
			    "7 doorbell-10 |+                                                               |");
	top_frame_free(&frame);
	frame = frame_of(NULL, 82, 20);
	assert_string_equal(frame.line[12],
			    "3 leases |+               ################################                |");
	top_frame_free(&frame);
	frame = frame_of(NULL, 82, 16);
	assert_int_equal(frame.heading, 9);
	assert_int_equal(frame.selected, 10);
	top_frame_free(&frame);
	frame = frame_of(NULL, 82, 5);
	assert_int_equal(frame.heading, 1);
	assert_int_equal(frame.page, 2);
	top_frame_free(&frame);
}

/* By pages, the selected one among them */
static void shows_the_selected_one(void **state)
{
	struct top_frame frame;

	(void)state;
	press(TOP_KEY_END);
	frame = frame_of(NULL, 82, 5);
	assert_int_equal(frame.selected, 2);
	assert_non_null(strstr(frame.line[2], " disk "));
	assert_string_equal(frame.line[3], "");
	top_frame_free(&frame);
}

/* ---- What others have chosen ----------------------------------------------------------- */

static void expect_no_orders(const struct top_frame *frame)
{
	const unsigned char *at;
	size_t i;

	for (i = 0; i < frame->nr; i++)
		for (at = (const unsigned char *)frame->line[i]; *at; at++)
			assert_true(*at >= ' ' && *at < 0x7f);
}

static void shows_no_orders_to_a_terminal(void **state)
{
	static const char *const leases[] = {
		"lease id=\033[2J slice=\033]0;x\a\xff\r device=0000:03:00.0 bar=2 ranges=0x0+0x1000 size=4096 state=\t uid=1 pid=\b since=1",
		NULL,
	};
	struct top_frame frame;

	(void)state;
	arrange(leases);
	stpcpy(now.look.holder[0].user, "\033[31m");
	stpcpy(now.look.holder[0].program, "a\nb \x1b[H");
	stpcpy(now.view.filter, "\033");
	top_rows_free(&now.rows);
	assert_int_equal(top_rows_make(&now.look, now.view.filter, TOP_LEASE,
				       false, &now.rows), 0);
	assert_int_equal(now.rows.nr, 1);
	frame = frame_of(NULL, 200, 0);
	expect_no_orders(&frame);
	assert_non_null(strstr(frame.line[frame.nr - 1], "a\\x0ab \\x1b[H"));
	top_frame_free(&frame);
	top_say(&now.view, "%s", "\033[2J");
	stpcpy(now.view.trouble, "\033[2J");
	frame = frame_of(NULL, 200, 24);
	expect_no_orders(&frame);
	top_frame_free(&frame);
}

static void ranges_that_make_no_sense(void **state)
{
	static const char *const leases[] = {
		"lease id=1 device=0000:03:00.0 bar=2 ranges=everything", NULL,
	};
	const struct top_screen screen = { 80, 0, true };
	struct top_frame frame;

	(void)state;
	arrange(leases);
	assert_int_equal(top_frame_make(&now.view, NULL, &now.look, &now.rows,
					&screen, &frame), -EPROTO);
	assert_null(frame.line);
}

static void trouble(void **state)
{
	struct top_frame frame;

	(void)state;
	stpcpy(now.view.trouble, "barleased is gone");
	arrange(NULL);
	frame = frame_of(NULL, 80, 24);
	assert_non_null(strstr(frame.line[0], "  barleased is gone"));
	assert_int_equal(frame.nr, 24);
	top_frame_free(&frame);
}

#define keys_test(name)	cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts),
		cmocka_unit_test(filters),
		cmocka_unit_test(what_is_in_a_row),
		cmocka_unit_test(a_row_of_little),
		cmocka_unit_test(rates),
		cmocka_unit_test(ages),
		cmocka_unit_test(intervals),
		keys_test(moves),
		keys_test(follows_a_lease),
		keys_test(sorts_by_keys),
		keys_test(types_a_filter),
		keys_test(asks_before_it_revokes),
		keys_test(helps_and_quits),
		keys_test(all_of_it),
		keys_test(nothing_before),
		keys_test(fits_every_screen),
		keys_test(leaves_out_what_has_no_room),
		keys_test(shows_the_selected_one),
		keys_test(shows_no_orders_to_a_terminal),
		keys_test(ranges_that_make_no_sense),
		keys_test(trouble),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
