// SPDX-License-Identifier: MIT
/*
 * Numbers that do not come twice: broker/base/ids.c
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ids.h"

static char dir[32], path[64];

static int set_up(void **state)
{
	(void)state;
	stpcpy(dir, "/tmp/unit-ids-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/next-id", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static uint32_t take(void)
{
	uint32_t first = 0;

	assert_int_equal(ids_take(dir, &first), 0);
	return first;
}

static void has(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void one_after_the_other(void **state)
{
	(void)state;
	assert_int_equal(take(), 1);
	assert_int_equal(take(), 1 + IDS_BLOCK);
	assert_int_equal(take(), 1 + 2 * IDS_BLOCK);
	has("77");
	assert_int_equal(take(), 77);
	assert_int_equal(take(), 77 + IDS_BLOCK);
}

static void rubbish(void **state)
{
	static const char *const texts[] = {
		"", "\n", "x", "0", "99999999999999999999", "4294967295",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		has(texts[i]);
		assert_int_equal(take(), 1);
		assert_int_equal(take(), 1 + IDS_BLOCK);
	}
}

static void a_link(void **state)
{
	uint32_t first;

	(void)state;
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(ids_take(dir, &first), -ELOOP);
}

int main(void)
{
#define IDS_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		IDS_TEST(one_after_the_other),
		IDS_TEST(rubbish),
		IDS_TEST(a_link),
	};

	return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
