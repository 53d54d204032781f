// SPDX-License-Identifier: MIT
/*
 * With the stock vfio-pci, libbarlease opens devices and maps BARs, and says
 * that there are no leases
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <barlease.h>

#include "fds.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

/* Mainline's own driver exports, from 6.19 on, where it is configured to. */
static void no_leases(const struct barlease_device *device)
{
	static const struct barlease_range range = { 0, PAGE };
	unsigned int caps = barlease_device_caps(device);
	int lease = barlease_export(device, 2, &range, 1, 0);

	if (caps & BARLEASE_CAN_EXPORT) {
		is_ok(lease, "this vfio-pci exports");
		ok(caps & BARLEASE_CAN_IMPORT, "for other devices");
		is_error(barlease_map(lease, 0, PAGE, 0, NULL, &(void *){ 0 }),
			 EINVAL, "but nobody can map that");
		ok(!(caps & BARLEASE_CAN_MMAP), "which the library has seen");
	} else {
		is_hex(caps, 0, "this vfio-pci can do none of it");
		is_error(lease, ENOTTY, "an export is ENOTTY");
		skip("no export", "for other devices");
		skip("no export", "nobody can map that");
	}
	if (lease >= 0)
		close(lease);
	is_error(barlease_revoke(device, 0), ENOTTY, "a revoke is ENOTTY");
	is_error(barlease_set_memattr(device, 0, BARLEASE_WC), ENOTTY,
		 "to set an attribute is ENOTTY");
	is_error(barlease_get_memattr(device, 0), ENOTTY,
		 "to get it is ENOTTY");
}

static void bars(const struct barlease_device *device)
{
	struct barlease_alignment alignment;
	struct barlease_bar bar;
	uint32_t value = 0;
	void *at;
	int ret;

	is_ok(barlease_device_bar(device, 2, &bar), "a BAR is described");
	is_hex(bar.size, MIB(64), "it has its size");
	ok(bar.mappable, "it can be mapped");
	is_ok(barlease_alignment(device, 2, 0, &alignment),
	      "it has an alignment");
	ret = barlease_map(barlease_device_fd(device), bar.offset + MIB(2),
			   MIB(2), 0, &alignment, &at);
	if (map_is_too_far(-ret)) {
		skip(NO_OTHER_BAR, "it is mapped");
		return;
	}
	is_ok(ret, "it is mapped");
	ok(!((uintptr_t)at % MIB(2)), "where huge pages are possible");
	is_ok(barlease_write32(at, 0x570c), "it is written");
	is_ok(barlease_read32(at, &value), "and read");
	is_hex(value, 0x570c, "it has what was written");
	is_ok(barlease_unmap(at, MIB(2)), "it is unmapped");
	is_ok(barlease_device_reset(device), "the device is reset");
}

int main(void)
{
	struct barlease_device *device;
	struct bdf small = dev_small();
	int before = fds_open();

	is_int(module_load("vfio-pci", NULL), 0, "the stock vfio-pci is loaded");
	is_ok(pci_bind(small, STOCK_DRIVER), "it gets a device");
	if (is_ok(barlease_device_open(small.name, BARLEASE_BACKEND_ANY,
				       &device), "the device is opened")) {
		no_leases(device);
		bars(device);
		barlease_device_close(device);
	}
	is_ok(pci_bind(small, OUR_DRIVER), "the device comes back");
	stock_is_unloaded();
	is_int(fds_open(), before, "no file descriptor is left");
	return tap_done();
}
