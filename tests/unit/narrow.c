// SPDX-License-Identifier: MIT
/*
 * The driver's pure code with pointers and sizes of 32 bits, where addresses and
 * offsets still have 64. unit-32bit runs it, and so does the guest
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Without cmocka, which is there for the host's own architecture only.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/pci.h>
#include <linux/types.h>

#include "msix.h"
#include "parts.h"
#include "range.h"
#include "size.h"

_Static_assert(sizeof(size_t) == 4 && sizeof(void *) == 4, "32 bits");

#define PAGE	4096ull
#define GIB(n)	((u64)(n) << 30)

static unsigned int checks, failures;

static void __attribute__((format(printf, 2, 3))) ok(bool pass,
						     const char *name, ...)
{
	va_list args;

	checks++;
	failures += !pass;
	printf("%sok %u - ", pass ? "" : "not ", checks);
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	putchar('\n');
}

static void sizes(void)
{
	ok(barlease_size_fits(PAGE), "a page is no larger than a buffer can be");
	ok(barlease_size_fits(GIB(4) - PAGE), "nor are 4 GiB less a page");
	ok(!barlease_size_fits(GIB(4)), "4 GiB are: cut off, they are nothing");
	ok(!barlease_size_fits(GIB(4) + PAGE),
	   "4 GiB and a page are: cut off, they are a page");
	ok(!barlease_size_fits(GIB(1024) + PAGE), "so are a TiB and a page");
	ok(!barlease_size_fits(-PAGE), "and the most that there can be");
}

/* At addresses that only 64 bits have, and of more bytes than 32 can count */
static void ranges(void)
{
	struct barlease_extent extent;
	struct barlease_ranges *of;

	of = calloc(1, sizeof(*of) + 3 * sizeof(of->range[0]));
	if (!of)
		abort();
	of->room = 3;
	ok(!barlease_ranges_append(of, GIB(5), GIB(3)) &&
	   !barlease_ranges_append(of, GIB(100), GIB(3)) &&
	   !barlease_ranges_append(of, GIB(103), PAGE) &&
	   !barlease_ranges_append(of, GIB(1), GIB(2)),
	   "ranges of 8 GiB in all are put together");
	ok(of->size == GIB(8) + PAGE, "their size is counted in 64 bits");
	ok(!barlease_size_fits(of->size), "which is too large for a buffer");
	ok(barlease_ranges_find(of, GIB(3) - 1, &extent) &&
	   extent.range_start == 0 && extent.range_end == GIB(3) &&
	   extent.phys_start == GIB(5), "the first one ends at 3 GiB");
	ok(barlease_ranges_find(of, GIB(6), &extent) &&
	   extent.range_start == GIB(3) &&
	   extent.range_end == GIB(6) + PAGE && extent.phys_start == GIB(100),
	   "at 6 GiB is the second, with what continues it");
	ok(barlease_ranges_next(of, &extent) &&
	   extent.range_start == GIB(6) + PAGE &&
	   extent.range_end == GIB(8) + PAGE && extent.phys_start == GIB(1),
	   "behind it is the third");
	ok(!barlease_ranges_next(of, &extent), "which is the last");
	ok(!barlease_ranges_find(of, GIB(8) + PAGE, &extent),
	   "behind that is nothing");
	ok(barlease_ranges_append(of, 0, -GIB(8)) == -EOVERFLOW,
	   "what 64 bits cannot count is refused");
	free(of);
}

static void parts(void)
{
	const size_t room = sizeof(struct barlease_parts) +
			    3 * sizeof(struct barlease_part);
	struct barlease_parts *from = calloc(1, room), *to = calloc(1, room);

	if (!from || !to)
		abort();
	from->nr = 1;
	from->part[0] = (struct barlease_part){ .end = GIB(16) };
	barlease_parts_set(to, from, GIB(4), GIB(8), 1);
	ok(to->nr == 3 && to->part[0].end == GIB(4) &&
	   to->part[1].end == GIB(8) && to->part[2].end == GIB(16),
	   "a part from 4 to 8 GiB of a BAR is that");
	ok(!barlease_parts_find(to, 0)->memattr &&
	   !barlease_parts_find(to, GIB(4) - 1)->memattr &&
	   barlease_parts_find(to, GIB(4))->memattr == 1 &&
	   barlease_parts_find(to, GIB(8) - 1)->memattr == 1 &&
	   !barlease_parts_find(to, GIB(8))->memattr,
	   "it begins and ends there");
	free(from);
	free(to);
}

static void msix(void)
{
	const u32 where = (u32)(GIB(4) - PAGE) | 2;
	struct pci_dev pdev = { .msix_cap = 0x40 };
	struct barlease_msix msix;
	const u16 most = 2047;

	memcpy(pdev.config + 0x40 + PCI_MSIX_FLAGS, &most, sizeof(most));
	memcpy(pdev.config + 0x40 + PCI_MSIX_TABLE, &where, sizeof(where));
	barlease_msix_find(&pdev, &msix);
	ok(barlease_msix_hit(&msix, 2, GIB(4) - PAGE, PAGE) &&
	   barlease_msix_hit(&msix, 2, GIB(4) + 6 * PAGE, PAGE) &&
	   !barlease_msix_hit(&msix, 2, GIB(4) + 7 * PAGE, PAGE) &&
	   !barlease_msix_hit(&msix, 2, 0, PAGE),
	   "an MSI-X table reaches past 4 GiB");
	ok(barlease_msix_hit(&msix, 2, 0, GIB(5)),
	   "a range of more than 4 GiB has it");
}

int main(void)
{
	sizes();
	ranges();
	parts();
	msix();
	printf("1..%u\n", checks);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
