// SPDX-License-Identifier: MIT
/*
 * libbarlease tells which pages are for MSI-X, and leases them where it is told
 * to: with the driver's own word for each page
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#include "both-ways.h"
#include "lease.h"
#include "sysfs.h"
#include "tap.h"

#define NEEDED	(BARLEASE_CAN_EXPORT | BARLEASE_CAN_MMAP | BARLEASE_CAN_REVOKE)

static struct bdf card;
static enum barlease_backend way;

static struct barlease_device *opened(struct bdf bdf)
{
	struct barlease_device *device;
	int ret = barlease_device_open(bdf.name, way, &device);

	if (ret)
		bail("cannot open %s: %s", bdf.name, strerror(-ret));
	return device;
}

static int export_page(const struct barlease_device *device, unsigned int bar,
		       uint64_t offset, unsigned int flags)
{
	const struct barlease_range page = { offset, PAGE };
	int lease = barlease_export(device, bar, &page, 1, flags);

	if (lease >= 0)
		close(lease);
	return lease;
}

static bool is_in(const struct barlease_range *ranges, int nr, uint64_t offset)
{
	for (int i = 0; i < nr; i++)
		if (offset >= ranges[i].offset &&
		    offset - ranges[i].offset < ranges[i].length)
			return true;
	return false;
}

/* Returns how many pages the library names */
static int compare_bar(const struct barlease_device *device, unsigned int index)
{
	struct barlease_range ranges[BARLEASE_MSIX_RANGES];
	int nr = barlease_device_msix(device, index, ranges), pages = 0;
	struct barlease_bar bar;

	if (barlease_device_bar(device, index, &bar) || !bar.mappable)
		return 0;
	for (uint64_t at = 0; at < bar.size; at += PAGE) {
		bool named = is_in(ranges, nr, at);
		int want = named ? -EPERM : 0;
		int got = export_page(device, index, at, 0);

		pages += named;
		if ((got < 0 ? got : 0) != want ||
		    export_page(device, index, at, BARLEASE_MSIX) < 0)
			return -1;
	}
	return pages;
}

static void named_as_refused(void)
{
	struct barlease_range ranges[BARLEASE_MSIX_RANGES];
	struct barlease_device *device = opened(card);
	int pages = 0;

	for (unsigned int i = 0; i < BARLEASE_BARS; i++) {
		int named = compare_bar(device, i);

		ok(named >= 0,
		   "BAR %u: the driver refuses what the library names, and gives it when asked",
		   i);
		pages += named;
	}
	ok(pages > 0, "there are %d such pages", pages);
	is_error(barlease_device_msix(device, BARLEASE_BARS, ranges), EINVAL,
		 "a BAR that cannot be is EINVAL");
	barlease_device_close(device);

	device = opened(dev_small());
	for (unsigned int i = 0; i < BARLEASE_BARS; i++)
		is_int(barlease_device_msix(device, i, ranges), 0,
		       "without MSI-X there are none in BAR %u", i);
	barlease_device_close(device);
}

/* Its one BAR that can be mapped is a page, with the table in it */
static void no_other_page(void)
{
	struct barlease_range ranges[BARLEASE_MSIX_RANGES];
	struct barlease_device *device;
	struct bdf dev = dev_table();

	is_ok(pci_bind(dev, OUR_DRIVER), "a device with nothing else is bound");
	device = opened(dev);
	is_int(barlease_device_msix(device, 1, ranges), 2,
	       "table and pending bits are in BAR 1");
	ok(ranges[0].offset == 0 && ranges[0].length == PAGE &&
	   ranges[1].offset == 0 && ranges[1].length == PAGE,
	   "both in its first page");
	is_hex(barlease_device_caps(device) & NEEDED, NEEDED,
	       "its driver can make leases, and that is found out");
	barlease_device_close(device);
	is_ok(pci_bind(dev, "virtio-pci"), "it goes back to whose it was");
}

static void all_of_it(enum barlease_backend backend)
{
	way = backend;
	named_as_refused();
	no_other_page();
}

int main(void)
{
	card = dev_card();
	both_ways(all_of_it);
	return tap_done();
}
