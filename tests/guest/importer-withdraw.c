// SPDX-License-Identifier: MIT
/*
 * What takes the device's memory away for a while takes it from other devices,
 * too, and before that; while one of those is waited for, processes go on
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "access.h"
#include "clock.h"
#include "config.h"
#include "importer.h"
#include "later.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

#define SIZE	PAGE
#define D0	0
#define D3HOT	3

/**
 * struct way - how it is taken away
 * @what: a name
 * @take: does it; returns 0 or a negative errno
 * @give: undoes it; NULL where @take has done so
 */
struct way {
	const char *what;
	later_fn take;
	void (*give)(const struct vfio *vfio);
};

static long by_reset(void *vfio)
{
	return vfio_reset(vfio);
}

static long by_hot_reset(void *vfio)
{
	return vfio_hot_reset(vfio);
}

static long by_admin(void *arg)
{
	const struct vfio *vfio = arg;

	return pci_write(vfio->bdf, "reset", "1");
}

static long by_command(void *vfio)
{
	memory_decode(vfio, false);
	return 0;
}

static void decode(const struct vfio *vfio)
{
	memory_decode(vfio, true);
}

/* What memory decode is to be may change before the core looks */
static long by_same_command(void *vfio)
{
	memory_decode(vfio, true);
	return 0;
}

static long by_power_state(void *vfio)
{
	set_power_state(vfio, D3HOT);
	return 0;
}

static void power_up(const struct vfio *vfio)
{
	set_power_state(vfio, D0);
	memory_decode(vfio, true);
}

static long by_low_power(void *arg)
{
	const struct vfio *vfio = arg;

	return vfio_feature(vfio->device, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
			    VFIO_DEVICE_FEATURE_SET, NULL, 0);
}

static void leave_low_power(const struct vfio *vfio)
{
	is_ok(vfio_feature(vfio->device, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
			   VFIO_DEVICE_FEATURE_SET, NULL, 0),
	      "the device leaves its low power state");
}

/* A page that was not touched before, so that there is a fault */
static bool another_faults(const struct vfio *vfio, unsigned int bar)
{
	int lease = lease_of(vfio->device, bar, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	uint32_t value;
	bool works = read32(at, &value);

	unmap(at, SIZE);
	return !lease_revoke(vfio->device, lease) && !close(lease) && works;
}

static void taken(const struct way *way, struct vfio *vfio, unsigned int bar)
{
	int lease = lease_of(vfio->device, bar, 0, SIZE);
	int importer = importer_mapped(lease, dev_big(),
				       BARLEASE_IMPORTER_WHEN_ASKED);
	struct later later;

	diag("%s", way->what);
	later_begin(&later, way->take, vfio);
	ok(comes_true(importer_told(importer) == 1),
	   "a device that has a lease is told");
	ok(later_waits(&later), "and waited for");
	ok(another_faults(vfio, bar),
	   "another lease works meanwhile, and is revoked");
	importer_unmap(importer);
	is_ok(later_end(&later), "when it was given back, that goes on");
	if (way->give) {
		is_error(importer_map(importer, BOTH_WAYS, NULL), ENODEV,
			 "the device cannot map it now: ENODEV");
		way->give(vfio);
	}
	is_ok(importer_map(importer, BOTH_WAYS, NULL),
	      "it can map it afterwards");
	importer_unmap(importer);
	is_ok(lease_revoke(vfio->device, lease), "until it is revoked");
	is_error(importer_map(importer, BOTH_WAYS, NULL), ENODEV,
		 "for good: ENODEV");
	close(importer);
	close(lease);
}

static void of_memory(void)
{
	static const struct way ways[] = {
		{ "VFIO_DEVICE_RESET", by_reset, NULL },
		{ "a reset by the administrator", by_admin, NULL },
		{ "memory decode off", by_command, decode },
		{ "memory decode written as it is", by_same_command, NULL },
		{ "the low power state", by_low_power, leave_low_power },
		{ 0 }
	};
	struct vfio small = vfio_open(dev_small());

	for (const struct way *way = ways; way->what; way++)
		taken(way, &small, BAR2);
	vfio_close(&small);
}

static void of_the_card(void)
{
	static const struct way way = { "D3hot", by_power_state, power_up };
	struct vfio card;

	if (pci_bind(dev_card(), OUR_DRIVER))
		bail("the card cannot be bound");
	card = vfio_open(dev_card());
	memory_decode(&card, true);
	taken(&way, &card, BAR0);
	vfio_close(&card);
}

/* The reset of one is that of the other, and whoever has both owns both */
static void by_sibling(void)
{
	static const struct way way = {
		"a hot reset of a device beside it", by_hot_reset, NULL
	};
	struct vfio edu = vfio_open(dev_edu());
	struct vfio testdev = vfio_open_sibling(&edu, dev_testdev());
	int lease = lease_of(testdev.device, BAR2, 0, SIZE);
	int importer = importer_mapped(lease, dev_big(),
				       BARLEASE_IMPORTER_WHEN_ASKED);
	struct later later;

	diag("%s", way.what);
	later_begin(&later, way.take, &edu);
	ok(comes_true(importer_told(importer) == 1),
	   "a device that has a lease is told");
	ok(later_waits(&later), "and waited for");
	ok(another_faults(&testdev, BAR2),
	   "another lease of the same device works meanwhile");
	ok(another_faults(&edu, BAR0), "and one of the device beside it");
	importer_unmap(importer);
	is_ok(later_end(&later), "when it was given back, both are reset");
	is_ok(importer_map(importer, BOTH_WAYS, NULL),
	      "it can be mapped afterwards");
	importer_unmap(importer);
	close(importer);
	close(lease);
	vfio_close(&testdev);
	vfio_close(&edu);
}

static long close_device(void *vfio)
{
	vfio_close_device(vfio);
	return 0;
}

static void by_close(void)
{
	struct vfio small = vfio_open(dev_small());
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	int importer = importer_mapped(lease, dev_big(),
				       BARLEASE_IMPORTER_WHEN_ASKED);
	struct later later;

	diag("the last close");
	later_begin(&later, close_device, &small);
	ok(comes_true(importer_told(importer) == 1),
	   "a device that has a lease is told");
	ok(later_waits(&later), "and waited for");
	importer_unmap(importer);
	later_end(&later);
	is_error(importer_map(importer, BOTH_WAYS, NULL), ENODEV,
		 "it cannot map it again: ENODEV");
	vfio_close(&small);
	is_ok(pci_unbind(dev_small()), "the driver can be taken from it");
	is_error(importer_map(importer, BOTH_WAYS, NULL), ENODEV,
		 "after which it cannot, either: ENODEV");
	is_ok(pci_bind(dev_small(), OUR_DRIVER), "and given to it again");
	close(importer);
	close(lease);
}

int main(void)
{
	if (!importers_possible()) {
		skip("this kernel lets no device attach",
		     "leases are taken from devices for a while");
		return tap_done();
	}

	of_memory();
	of_the_card();
	by_sibling();
	by_close();
	return tap_done();
}
