// SPDX-License-Identifier: MIT
/*
 * libbarlease sets the memory attribute of the primary's own BAR maps
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include <barlease.h>

#include "access.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "tap.h"
#include "vfio.h"

static struct vfio small;
static struct barlease_device *device;

static int set(uint64_t offset, uint64_t length, int memattr)
{
	return barlease_device_set_bar_memattr(device, 2, offset, length,
					       (enum barlease_memattr)memattr);
}

static void works(void)
{
	uint64_t length = 0;
	mapping_t at;

	is_ok(set(PAGE, PAGE, BARLEASE_WC), "a page of a BAR is made WC");
	is_int(barlease_device_get_bar_memattr(device, 2, PAGE, &length),
	       BARLEASE_WC, "it says so");
	is_hex(length, PAGE, "for one page");
	is_int(barlease_device_get_bar_memattr(device, 2, 0, NULL),
	       BARLEASE_NC, "the page before is uncached");
	vfio_put32(&small, BAR2, PAGE, 0x51);
	at = map_bar(&small, BAR2, 0, 2 * PAGE);
	reads(at + PAGE, 0x51, "a map of both reads what is there");
	is_cache(at + PAGE, CACHE_WC, "and is WC in the page table");
	reads(at, vfio_get32(&small, BAR2, 0), "so does its first page");
	is_cache(at, CACHE_UNCACHED, "which is uncached");
	unmap(at, 2 * PAGE);
	is_ok(set(0, 0, BARLEASE_NC), "all of it is made NC again");
	barlease_device_get_bar_memattr(device, 2, 0, &length);
	is_hex(length, MIB(64), "which is one part");
}

static void errors(void)
{
	uint64_t length = 77;

	is_error(set(0, 0, 2), EOPNOTSUPP, "an unknown attribute is EOPNOTSUPP");
	is_error(set(1, PAGE, BARLEASE_WC), EINVAL, "byte 1 is EINVAL");
	is_error(set(MIB(64), PAGE, BARLEASE_WC), EINVAL,
		 "past the BAR is EINVAL");
	is_error(barlease_device_set_bar_memattr(device, 5, 0, 0, BARLEASE_WC),
		 ENODEV, "a BAR that is not there is ENODEV");
	is_error(barlease_device_get_bar_memattr(device, 5, 0, &length),
		 ENODEV, "GET of it, too");
	is_int((long long)length, 77, "a failure leaves the result alone");
}

/* As with the stock driver */
static void unknown_to_the_driver(struct bdf bdf)
{
	struct barlease_device *stock;
	int ret;

	is_int(module_load("vfio-pci", NULL), 0, "the stock vfio-pci is loaded");
	is_ok(pci_bind(bdf, STOCK_DRIVER), "it gets a device");
	ret = barlease_device_open(bdf.name, BARLEASE_BACKEND_ANY, &stock);
	if (!is_ok(ret, "it is opened"))
		return;
	is_error(barlease_device_set_bar_memattr(stock, 0, 0, 0, BARLEASE_WC),
		 ENOTTY, "it has no attributes of BAR maps: ENOTTY");
	is_error(barlease_device_get_bar_memattr(stock, 0, 0, NULL), ENOTTY,
		 "nor can one ask for them");
	barlease_device_close(stock);
	is_ok(pci_bind(bdf, OUR_DRIVER), "it is bound as before");
	stock_is_unloaded();
}

int main(void)
{
	int ret;

	small = vfio_open(dev_small());
	ret = barlease_device_wrap(small.device, &device);
	if (ret)
		bail("cannot wrap the device: %d", ret);
	works();
	errors();
	barlease_device_close(device);
	vfio_close(&small);
	unknown_to_the_driver(dev_display());
	return tap_done();
}
