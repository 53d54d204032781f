// SPDX-License-Identifier: MIT
/*
 * Which bytes of which BAR are for MSI-X: module/msix.c, with the places where
 * no device of the lab has them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/pci.h>
#include <cmocka.h>

#include "msix.h"

#define CAP	0x70
#define PAGE	4096

static struct pci_dev pdev;
static struct barlease_msix msix;

static void put(int at, const void *value, size_t size)
{
	memcpy(pdev.config + CAP + at, value, size);
}

/* A device with @nr interrupts, whose table and pending bits are there */
static void device(u16 nr, u32 table, u32 pending)
{
	/* The bits above the size are nobody's size */
	u16 flags = (nr - 1) | PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL;

	memset(&pdev, 0, sizeof(pdev));
	pdev.msix_cap = CAP;
	put(PCI_MSIX_FLAGS, &flags, sizeof(flags));
	put(PCI_MSIX_TABLE, &table, sizeof(table));
	put(PCI_MSIX_PBA, &pending, sizeof(pending));
	memset(&msix, 0xee, sizeof(msix));
	barlease_msix_find(&pdev, &msix);
}

/* All of a range, and neither of its neighbours */
static void exactly(unsigned int bar, u64 first, u64 last)
{
	assert_true(barlease_msix_hit(&msix, bar, first, last + 1 - first));
	assert_true(barlease_msix_hit(&msix, bar, first, 1));
	assert_true(barlease_msix_hit(&msix, bar, last, 1));
	assert_true(barlease_msix_hit(&msix, bar, 0, first + 1));
	assert_true(barlease_msix_hit(&msix, bar, last, 1ull << 40));
	assert_false(barlease_msix_hit(&msix, bar, last + 1, 1));
	if (first)
		assert_false(barlease_msix_hit(&msix, bar, first - 1, 1));
}

static void bytes(void **state)
{
	(void)state;
	device(10, 0x2000 | 3, 0x3000 | 4);
	exactly(3, 0x2000, 0x2000 + 10 * 16 - 1);
	exactly(4, 0x3000, 0x3007);
	device(1, 0, 8 | 5);
	exactly(0, 0, 15);
	exactly(5, 8, 15);
	device(2048, 1, 0x8000 | 2);
	exactly(1, 0, 0x7fff);
	exactly(2, 0x8000, 0x80ff);
	device(64, 1, 2);
	exactly(2, 0, 7);
	device(65, 1, 2);
	exactly(2, 0, 15);
}

static void pages(void **state)
{
	(void)state;
	/* From the middle of page 1 into page 3; the last bytes of page 5 */
	device(300, 0x1ff8 | 2, 0x5fd8 | 2);
	for (u64 page = 0; page < 8; page++)
		assert_int_equal(barlease_msix_hit(&msix, 2, page * PAGE, PAGE),
				 (page >= 1 && page <= 3) || page == 5);
	/* Large pages have more in them */
	assert_true(barlease_msix_hit(&msix, 2, 0, 65536));
	assert_false(barlease_msix_hit(&msix, 2, 65536, 65536));
}

static void other_bars(void **state)
{
	(void)state;
	device(8, 0x1000 | 2, 0x1000 | 4);
	for (unsigned int bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		assert_int_equal(barlease_msix_hit(&msix, bar, 0, 1ull << 40),
				 bar == 2 || bar == 4);
}

/* Where the offset itself is as large as it can be */
static void at_the_end(void **state)
{
	(void)state;
	device(2048, 0xfffffff8 | 2, 0xfffffff8 | 3);
	exactly(2, 0xfffffff8, 0xfffffff8ull + 0x7fff);
	exactly(3, 0xfffffff8, 0xfffffff8ull + 0xff);
	assert_false(barlease_msix_hit(&msix, 2, 0, PAGE));
}

static void without(void **state)
{
	(void)state;
	memset(&pdev, 0xff, sizeof(pdev));
	pdev.msix_cap = 0;
	barlease_msix_find(&pdev, &msix);
	for (unsigned int bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		assert_false(barlease_msix_hit(&msix, bar, 0, 1ull << 60));
}

/* A device that does not answer may have them anywhere. */
static void no_answer(void **state)
{
	(void)state;
	memset(&pdev, 0xff, sizeof(pdev));
	pdev.msix_cap = CAP;
	barlease_msix_find(&pdev, &msix);
	for (unsigned int bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		assert_true(barlease_msix_hit(&msix, bar, 0, PAGE));
		assert_true(barlease_msix_hit(&msix, bar, 1ull << 60, PAGE));
	}
	device(8, 0x1000 | 6, 0);
	assert_true(barlease_msix_hit(&msix, 5, 0, PAGE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "table and pending bits are so many bytes", bytes, NULL, NULL,
		  NULL },
		{ "and so many pages", pages, NULL, NULL, NULL },
		{ "of no other BAR", other_bars, NULL, NULL, NULL },
		{ "the largest offset does not overflow", at_the_end, NULL,
		  NULL, NULL },
		{ "a device without MSI-X has none", without, NULL, NULL,
		  NULL },
		{ "what says nothing of use may have them anywhere", no_answer,
		  NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("msix", tests, NULL, NULL);
}
