// SPDX-License-Identifier: MIT
/*
 * No lease has a page of the MSI-X table or of the pending bits, unless it was
 * asked for by name; mapping the BAR itself is as with the stock vfio-pci
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "access.h"
#include "config.h"
#include "fds.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "tap.h"

#define MOST_PAGES	16

/* A message's address and data, as the table has them */
#define ADDRESS		PCI_MSIX_ENTRY_LOWER_ADDR
#define MESSAGE		0xfee01000u

static struct vfio card;
static unsigned int bar;
static unsigned int nr_pages;
static uint64_t table;
/* Which pages of the BAR have bytes of either */
static bool taken[MOST_PAGES];

static uint32_t config_get32(unsigned int at)
{
	return config_get16(&card, at) |
	       (uint32_t)config_get16(&card, at + 2) << 16;
}

/* Returns where it begins */
static uint64_t take(uint32_t reg, uint64_t bytes)
{
	uint64_t at = reg & PCI_MSIX_TABLE_OFFSET;

	if ((reg & PCI_MSIX_TABLE_BIR) != bar || at + bytes > nr_pages * PAGE)
		bail("table and pending bits are not as this test needs them");
	for (uint64_t page = at / PAGE; page * PAGE < at + bytes; page++)
		taken[page] = true;
	return at;
}

static void find_table(void)
{
	unsigned int at = config_capability(&card, PCI_CAP_ID_MSIX);
	unsigned int nr, free = 0;

	if (!at)
		bail("%s has no MSI-X", card.bdf.name);
	nr = (config_get16(&card, at + PCI_MSIX_FLAGS) &
	      PCI_MSIX_FLAGS_QSIZE) + 1;
	bar = config_get16(&card, at + PCI_MSIX_TABLE) & PCI_MSIX_TABLE_BIR;
	nr_pages = vfio_region(&card, bar).size / PAGE;
	if (nr_pages > MOST_PAGES)
		bail("BAR %u has %u pages", bar, nr_pages);
	table = take(config_get32(at + PCI_MSIX_TABLE),
		     nr * PCI_MSIX_ENTRY_SIZE);
	take(config_get32(at + PCI_MSIX_PBA), (nr + 63) / 64 * 8);
	for (unsigned int i = 0; i < nr_pages; i++)
		free += !taken[i];
	ok((free || nr_pages == 1) && free < nr_pages,
	   "of %u pages of BAR %u, %u have neither table nor pending bits",
	   nr_pages, bar, free);
}

static int export(uint32_t open_flags, uint32_t flags,
		  const struct vfio_region_dma_range *ranges, uint32_t nr)
{
	const struct vfio_device_feature_dma_buf what = {
		.region_index = bar,
		.open_flags = open_flags,
		.flags = flags,
		.nr_ranges = nr,
	};

	return lease_export_as(card.device, &what, ranges);
}

static int export_pages(unsigned int first, unsigned int nr, uint32_t flags)
{
	const struct vfio_region_dma_range range = { first * PAGE, nr * PAGE };

	return export(O_RDWR | O_CLOEXEC, flags, &range, 1);
}

static bool any_taken(unsigned int first, unsigned int nr)
{
	for (unsigned int i = first; i < first + nr; i++)
		if (taken[i])
			return true;
	return false;
}

static void is_given(int fd, const char *name, unsigned int first,
		     unsigned int nr)
{
	is_ok(fd, "%s from page %u, %u in all: given", name, first, nr);
	if (fd >= 0)
		close(fd);
}

/* Every range of whole pages that there is in the BAR */
static void ranges_of_all_kinds(void)
{
	for (unsigned int first = 0; first < nr_pages; first++) {
		for (unsigned int nr = 1; nr <= nr_pages - first; nr++) {
			int fd = export_pages(first, nr, 0);

			if (any_taken(first, nr))
				is_error(fd, EPERM,
					 "from page %u, %u in all: EPERM",
					 first, nr);
			else
				is_given(fd, "unasked,", first, nr);
			is_given(export_pages(first, nr, BARLEASE_DMA_BUF_MSIX),
				 "asked,", first, nr);
		}
	}
}

static unsigned int page_that_is(bool want_taken)
{
	for (unsigned int i = 0; i < nr_pages; i++)
		if (taken[i] == want_taken)
			return i;
	bail("there is no such page");
}

static void one_of_several(void)
{
	const struct vfio_region_dma_range good = {
		page_that_is(false) * PAGE, PAGE
	}, bad = { page_that_is(true) * PAGE, PAGE };

	for (unsigned int at = 0; at < 3; at++) {
		struct vfio_region_dma_range ranges[3] = { good, good, good };
		int fd = export(O_RDWR, 0, ranges, 3);

		is_given(fd, "three harmless ranges,", good.offset / PAGE, 1);
		ranges[at] = bad;
		is_error(export(O_RDWR, 0, ranges, 3), EPERM,
			 "number %u of three has a page of it: EPERM", at);
		fd = export(O_RDWR, BARLEASE_DMA_BUF_MSIX, ranges, 3);
		is_given(fd, "such three, asked,", bad.offset / PAGE, 1);
	}
}

static void read_only(void)
{
	const struct vfio_region_dma_range bad = {
		page_that_is(true) * PAGE, PAGE
	};

	is_error(export(O_RDONLY, 0, &bad, 1), EPERM,
		 "only to be read: EPERM as well");
}

static void flags(void)
{
	const uint32_t msix = BARLEASE_DMA_BUF_MSIX;
	const struct vfio_region_dma_range past = { nr_pages * PAGE, PAGE },
		odd = { 1, PAGE }, none = { 0, 0 };

	for (uint32_t flag = 1; flag != BARLEASE_DMA_BUF_ONES; flag <<= 1)
		is_error(export_pages(0, 1, msix | flag), EINVAL,
			 "the flag %#x beside it is EINVAL", flag);
	is_error(export(O_RDWR, msix, &past, 1), EINVAL,
		 "with the flag, a range past the BAR is EINVAL");
	is_error(export(O_RDWR, msix, &odd, 1), EINVAL,
		 "so is one that is not in whole pages");
	is_error(export(O_RDWR, msix, &none, 1), EINVAL, "so is an empty one");
	is_error(export(O_WRONLY, msix, &odd, 1), EINVAL,
		 "so are other open_flags");
}

/* What the device answers is no matter: it was asked when it was opened. */
static void device_out_of_reach(void)
{
	unsigned int page = page_that_is(true);

	set_power_state(&card, 3);
	is_error(export_pages(page, 1, 0), EPERM, "in D3 it is EPERM");
	set_power_state(&card, 0);
	memory_decode(&card, false);
	is_error(export_pages(page, 1, 0), EPERM,
		 "with memory decode off it is EPERM");
	memory_decode(&card, true);
	is_ok(vfio_reset(&card), "the card is reset");
	is_error(export_pages(page, 1, 0), EPERM, "then it is EPERM");
}

static void other_places(void)
{
	struct vfio small = vfio_open(dev_small());
	const struct vfio_region_dma_range range = { 0, PAGE };
	const struct vfio_device_feature_dma_buf what = {
		.region_index = BAR2,
		.open_flags = O_RDWR,
		.flags = BARLEASE_DMA_BUF_MSIX,
		.nr_ranges = 1,
	};
	int fd;

	fd = lease_export(card.device, BAR0, O_RDWR, &range, 1);
	is_given(fd, "another BAR of the card,", 0, 1);
	fd = lease_export_as(small.device, &what, &range);
	is_given(fd, "asked of a device without MSI-X,", 0, 1);
	vfio_close(&small);
}

/* What it is about: who has such a page can send interrupts elsewhere */
static void what_asking_gives(void)
{
	int lease = export_pages(table / PAGE, 1, BARLEASE_DMA_BUF_MSIX);
	mapping_t whole = map_bar(&card, bar, 0, nr_pages * PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);
	mapping_t entry = at + table % PAGE;

	ok(write32(entry + ADDRESS, MESSAGE),
	   "a lease that was asked for writes to the table");
	reads(whole + table + ADDRESS, MESSAGE, "the device has it");
	ok(write32(entry + ADDRESS, 0), "and it is undone");
	is_ok(lease_revoke(card.device, lease), "such a lease is revoked");
	ok(!write32(entry + ADDRESS, MESSAGE), "then a write is SIGBUS");
	reads(whole + table + ADDRESS, 0, "the table did not see it");
	unmap(at, PAGE);
	unmap(whole, nr_pages * PAGE);
	close(lease);
}

/* In the mapping of the whole BAR, the table's first word; and what VFIO says */
struct view {
	bool mappable;
	bool is_read;
	uint32_t control;
};

static bool says_mappable(void)
{
	union {
		struct vfio_region_info info;
		uint8_t bytes[1024];
	} region = { .info = { .argsz = sizeof(region), .index = bar } };
	const struct vfio_info_cap_header *cap;

	if (ioctl(card.device, VFIO_DEVICE_GET_REGION_INFO, &region.info))
		bail("VFIO_DEVICE_GET_REGION_INFO: %s", strerror(errno));
	for (uint32_t at = region.info.cap_offset; at; at = cap->next) {
		cap = (const void *)(region.bytes + at);
		if (cap->id == VFIO_REGION_INFO_CAP_MSIX_MAPPABLE)
			return true;
	}
	return false;
}

static struct view view(void)
{
	struct view view = { .mappable = says_mappable() };
	mapping_t whole;

	memory_decode(&card, true);
	whole = map_bar(&card, bar, 0, nr_pages * PAGE);
	view.is_read = read32(whole + table + PCI_MSIX_ENTRY_VECTOR_CTRL,
			      &view.control);
	unmap(whole, nr_pages * PAGE);
	return view;
}

static void as_stock(void)
{
	struct view ours = view(), stock;
	struct bdf dev = card.bdf;

	vfio_close(&card);
	is_int(module_load("vfio-pci", NULL), 0, "the stock vfio-pci is loaded");
	is_ok(pci_bind(dev, STOCK_DRIVER), "the card goes to it");
	card = vfio_open(dev);
	stock = view();
	vfio_close(&card);
	is_ok(pci_bind(dev, OUR_DRIVER), "and comes back");
	stock_is_unloaded();
	ok(ours.mappable && stock.mappable,
	   "both say that the BAR can be mapped, table and all");
	ok(ours.is_read && stock.is_read && ours.control == stock.control &&
	   ours.control & PCI_MSIX_ENTRY_CTRL_MASKBIT,
	   "and the device's fd maps it with both");
}

int main(void)
{
	int fds;

	card = vfio_open(dev_card());
	find_table();
	fds = fds_open();
	ranges_of_all_kinds();
	if (nr_pages > 1)
		one_of_several();
	else
		skip("the BAR is one page here", "some ranges with a page of it");
	read_only();
	flags();
	device_out_of_reach();
	other_places();
	what_asking_gives();
	is_int(fds_open(), fds, "no fd is left behind");
	as_stock();
	return tap_done();
}
