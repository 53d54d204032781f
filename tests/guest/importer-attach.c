// SPDX-License-Identifier: MIT
/*
 * Which devices may have a lease, and what of it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "access.h"
#include "importer.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

#define SIZE	(4 * PAGE)
#define VALUE	0x1359

static void without_peers(int lease)
{
	is_error(importer_try(lease, dev_big(), BARLEASE_IMPORTER_AT_ONCE),
		 EOPNOTSUPP, "this kernel lets no device attach: EOPNOTSUPP");
}

static void whole(const struct vfio *small)
{
	int lease = lease_of(small->device, BAR2, 0, SIZE);
	struct barlease_map map;
	int importer, other;

	importer = importer_try(lease, dev_big(), BARLEASE_IMPORTER_AT_ONCE);
	ok(importer >= 0, "a device is attached to a lease");
	is_ok(importer_map(importer, BOTH_WAYS, &map), "and maps it");
	is_int(map.size, SIZE, "all of it");
	is_error(importer_map(importer, BOTH_WAYS, NULL), EBUSY,
		 "once, says the test's module");
	other = importer_mapped(lease, dev_testdev(),
				BARLEASE_IMPORTER_AT_ONCE);
	importer_unmap(importer);
	is_ok(importer_map(importer, FROM_DEVICE, &map),
	      "it may give it back, and map it again");
	close(importer);
	ok(importer_has(other), "another device keeps its own");
	close(other);
	close(lease);
}

/* In pieces that lie apart, and one of them twice */
static void pieces(const struct vfio *small)
{
	struct vfio_region_dma_range ranges[] = {
		{ 8 * PAGE, PAGE }, { 0, 2 * PAGE }, { 8 * PAGE, PAGE },
	};
	int lease = lease_export(small->device, BAR2, O_RDWR, ranges, 3);
	struct barlease_map map;
	int importer;

	importer = importer_try(lease, dev_big(), BARLEASE_IMPORTER_AT_ONCE);
	ok(importer >= 0, "a device is attached to a lease of three ranges");
	is_ok(importer_map(importer, BOTH_WAYS, &map), "and maps it");
	is_int(map.size, SIZE, "all of it");
	close(importer);
	close(lease);
}

static void read_only(const struct vfio *small)
{
	struct vfio_region_dma_range range = { 0, SIZE };
	int lease = lease_export(small->device, BAR2, O_RDONLY, &range, 1);
	int importer;

	importer = importer_try(lease, dev_big(), BARLEASE_IMPORTER_AT_ONCE);
	ok(importer >= 0, "a device is attached to a read-only lease");
	is_error(importer_map(importer, BOTH_WAYS, NULL), EACCES,
		 "it does not get it for both ways: EACCES");
	is_error(importer_map(importer, FROM_DEVICE, NULL), EACCES,
		 "nor for writing: EACCES");
	is_ok(importer_map(importer, TO_DEVICE, NULL),
	      "it does for reading, as the IOMMU sees to that");
	close(importer);
	close(lease);
}

static void revoked(const struct vfio *small)
{
	int lease = lease_of(small->device, BAR2, 0, SIZE);

	is_ok(lease_revoke(small->device, lease), "a lease is revoked");
	is_error(importer_try(lease, dev_big(), BARLEASE_IMPORTER_AT_ONCE),
		 ENODEV, "no device is attached to it then: ENODEV");
	close(lease);
}

int main(void)
{
	struct vfio small = vfio_open(dev_small());
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);

	vfio_put32(&small, BAR2, 0, VALUE);
	if (importers_possible()) {
		whole(&small);
		pieces(&small);
		read_only(&small);
		revoked(&small);
	} else {
		without_peers(lease);
	}
	reads(at, VALUE, "leases for processes are as ever");
	unmap(at, SIZE);
	close(lease);
	vfio_close(&small);
	return tap_done();
}
