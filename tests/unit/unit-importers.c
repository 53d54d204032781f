// SPDX-License-Identifier: MIT
/*
 * Which devices have leases of which, in a /sys that is made up
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake-root.h"
#include "importers.h"

#define OURS	"0000:03:00.0"
#define ONE	"0000:04:00.0"
#define OTHER	"0000:05:00.0"

static void fake_importers(const char *text)
{
	fake_file(text, "/sys/bus/pci/devices/" OURS "/barlease/importers");
}

static void expect_importer(const struct importer *importer, uint64_t inode,
			    const char *bdf, const char *driver,
			    unsigned int mappings)
{
	assert_true(importer->inode == inode);
	assert_string_equal(importer->bdf, bdf);
	assert_string_equal(importer->driver, driver);
	assert_int_equal(importer->mappings, mappings);
}

static void reads(void **state)
{
	struct importers all = { 0 };

	(void)state;
	assert_int_equal(importers_add(fake_root, OURS, &all), 0);
	assert_int_equal(all.nr, 0);
	fake_importers("17 edu-accel 0000:04:00.0 1\n"
		       "17 other driver 0000:05:00.0 0\n"
		       "nonsense\n"
		       "18 edu-accel 0000:04:00.0 2\n"
		       "17 edu-accel 0000:04:00.0 1\n");
	assert_int_equal(importers_add(fake_root, OURS, &all), 0);
	assert_int_equal(all.nr, 3);
	expect_importer(&all.importer[0], 17, ONE, "edu-accel", 2);
	expect_importer(&all.importer[1], 17, OTHER, "other driver", 0);
	expect_importer(&all.importer[2], 18, ONE, "edu-accel", 2);
	assert_false(all.cut);
	free(all.importer);
}

/* A file of sysfs is one page at most. */
static void cut(void **state)
{
	struct importers all = { 0 };

	(void)state;
	fake_importers("17 edu-accel 0000:04:00.0 1\n"
		       "17 edu-accel 0000:0");
	assert_int_equal(importers_add(fake_root, OURS, &all), 0);
	assert_int_equal(all.nr, 1);
	assert_true(all.cut);
	free(all.importer);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fake_root_set_up, \
					fake_root_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads),
		TEST(cut),
	};

	return cmocka_run_group_tests_name("importers", tests, NULL, NULL);
}
