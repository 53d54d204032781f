// SPDX-License-Identifier: MIT
/*
 * libbarlease counts the devices that have a lease, and exports leases whatever
 * the administrator has mainline's call export
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#include "access.h"
#include "both-ways.h"
#include "fds.h"
#include "importer.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

static struct barlease_device *device;

static int export(void)
{
	static const struct barlease_range page = { 0, PAGE };
	int lease = barlease_export(device, 2, &page, 1, 0);

	if (lease < 0)
		bail("cannot export: %s", strerror(-lease));
	return lease;
}

static void counted(int lease, unsigned int attached, unsigned int mapped,
		    const char *when)
{
	struct barlease_importers importers;

	is_int(barlease_importers(device, lease, &importers), 0,
	       "%s, importers are counted", when);
	is_int(importers.attached, attached, "%u of them", attached);
	is_int(importers.mapped, mapped, "%u mappings", mapped);
}

static void counts(void)
{
	int lease = export(), one, other;

	counted(lease, 0, 0, "with no device");
	one = importer_mapped(lease, dev_big(), BARLEASE_IMPORTER_AT_ONCE);
	other = importer_try(lease, dev_edu(), BARLEASE_IMPORTER_AT_ONCE);
	is_ok(other, "a second device is attached, without a mapping");
	counted(lease, 2, 1, "with two");
	is_int(barlease_revoke(device, lease), 0, "the lease is revoked");
	ok(!importer_has(one), "the device does not have it any more");
	counted(lease, 2, 0, "after that");
	close(other);
	close(one);
	counted(lease, 0, 0, "with both gone");
	close(lease);
}

static void refuses(void)
{
	struct barlease_importers importers = { .attached = 77, .mapped = 78 };
	int lease = export(), foreign = foreign_dmabuf();

	is_error(barlease_importers(device, fd_closed(), &importers), EBADF,
		 "those of no fd are not counted: EBADF");
	is_error(barlease_importers(device, barlease_device_fd(device),
				    &importers), EINVAL,
		 "nor those of what is no DMABUF: EINVAL");
	is_error(barlease_importers(device, foreign, &importers), ENODEV,
		 "nor those of another driver's: ENODEV");
	ok(importers.attached == 77 && importers.mapped == 78,
	   "none of these has touched the result");
	close(foreign);
	close(lease);
}

static void is_a_lease(const char *when)
{
	int lease = export();
	mapping_t at = map(lease, 0, PAGE, RW);

	ok(write32(at, 1), "%s, an export can be mapped", when);
	is_int(barlease_revoke(device, lease), 0, "and revoked");
	sigbus(at, "by itself");
	unmap(at, PAGE);
	close(lease);
}

static void open_device(enum barlease_backend way)
{
	if (barlease_device_open(dev_small().name, way, &device))
		bail("cannot open the device");
}

/* Whether it was the kernel's own before the device was opened, or later */
static void switched(enum barlease_backend way)
{
	is_ok(pci_write(dev_small(), "barlease/dmabuf", "core"),
	      "mainline's call is to export the kernel's own");
	is_a_lease("while the device is open");
	barlease_device_close(device);
	open_device(way);
	ok(barlease_device_caps(device) & BARLEASE_CAN_MMAP,
	   "opened then, the device can do all the same");
	is_a_lease("with a device opened then");
	is_ok(pci_write(dev_small(), "barlease/dmabuf", "lease"),
	      "it is to export leases again");
}

static void not_possible(void)
{
	struct barlease_importers importers;
	int lease = export();

	is_error(barlease_importers(device, lease, &importers), ENOTTY,
		 "this kernel lets no device import, none are counted: ENOTTY");
	close(lease);
	is_a_lease("even so");
}

static void this_way(enum barlease_backend way)
{
	open_device(way);
	if (importers_possible()) {
		counts();
		refuses();
		switched(way);
	} else {
		not_possible();
	}
	barlease_device_close(device);
}

int main(void)
{
	int before = fds_open();

	both_ways(this_way);
	is_int(fds_open(), before, "no file descriptor is left");
	return tap_done();
}
