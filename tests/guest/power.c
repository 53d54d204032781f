// SPDX-License-Identifier: MIT
/*
 * In D3hot and in the low power state every access is SIGBUS; back in D0
 * every mapping works
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "access.h"
#include "config.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "peer.h"
#include "tap.h"

#define SEED	11
#define SIZE	(16 * PAGE)
#define D0	0
#define D3HOT	3

static int low_power(const struct vfio *vfio, uint32_t feature)
{
	return vfio_feature(vfio->device, feature, VFIO_DEVICE_FEATURE_SET,
			    NULL, 0);
}

static void low_power_state(void)
{
	struct vfio small = vfio_open(dev_small());
	struct peer peer = peer_start();
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW), there;
	mapping_t bar = map_bar(&small, BAR2, 0, SIZE);

	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	there = peer_map(&peer, lease, 0, SIZE, RW);
	reads(at, pattern(0, SEED), "a lease works");
	reads(bar, pattern(0, SEED), "so does a BAR map");
	peer_reads(&peer, there, pattern(0, SEED),
		   "and the lease in another process");

	is_ok(low_power(&small, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY),
	      "the device enters its low power state");
	is_int(pages_present(at, SIZE), 0, "no page of the lease is left");
	sigbus(at, "it is SIGBUS");
	sigbus(bar, "the BAR map, too");
	peer_sigbus(&peer, there, "the lease in the other process, too");
	is_error(low_power(&small, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY),
		 EINVAL, "entering it again is EINVAL");
	sigbus(at, "the lease is SIGBUS after other calls, too");
	is_ok(low_power(&small, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT),
	      "the device leaves it");
	reads(at, pattern(0, SEED), "the lease works");
	reads(bar, pattern(0, SEED), "the BAR map, too");
	peer_reads(&peer, there, pattern(0, SEED),
		   "the lease in the other process, too");

	is_ok(low_power(&small, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY),
	      "it enters it once more");
	is_ok(lease_revoke(small.device, lease), "the lease is revoked there");
	is_ok(low_power(&small, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT),
	      "the device leaves it");
	sigbus(at, "the lease stays SIGBUS");
	reads(bar, pattern(0, SEED), "the BAR map works");

	unmap(at, SIZE);
	unmap(bar, SIZE);
	close(lease);
	peer_stop(&peer);
	vfio_close(&small);
}

static bool has_bar_of_a_page(const struct vfio *vfio, unsigned int *bar)
{
	for (*bar = 0; *bar < 6; (*bar)++) {
		struct region region = vfio_region(vfio, *bar);

		if (region.flags & VFIO_REGION_INFO_FLAG_MMAP &&
		    region.size >= PAGE)
			return true;
	}
	return false;
}

/* From sysfs, so that no driver has to be taken away for a look */
static bool has_pm(struct bdf dev)
{
	uint8_t config[256] = { 0 };
	unsigned int at;
	char path[256];
	int fd;

	pci_path(dev, "config", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, config, sizeof(config)) != sizeof(config))
		bail("%s: %s", path, strerror(errno));
	close(fd);

	if (!(config[PCI_STATUS] & PCI_STATUS_CAP_LIST) ||
	    config[PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK)
		return false;
	at = config[PCI_CAPABILITY_LIST] & ~3u;
	for (int i = 0; at && i < 48; i++) {
		if (config[at + PCI_CAP_LIST_ID] == PCI_CAP_ID_PM)
			return true;
		at = config[at + PCI_CAP_LIST_NEXT] & ~3u;
	}
	return false;
}

/* Ours, or nobody's: then it becomes ours for a while */
static bool take(struct bdf dev, bool *taken)
{
	char driver[64];

	pci_driver(dev, driver, sizeof(driver));
	*taken = !driver[0];
	if (*taken)
		return !pci_bind(dev, OUR_DRIVER);
	return !strcmp(driver, OUR_DRIVER);
}

static void give_back(struct bdf dev)
{
	pci_unbind(dev);
	pci_write(dev, "driver_override", "\n");
}

/* Any device with power management and a BAR of at least a page */
static bool find_pm_device(struct vfio *vfio, unsigned int *bar, bool *taken)
{
	struct bdf devs[64];
	size_t n = pci_all(devs, 64);

	for (size_t i = 0; i < n; i++) {
		if (!has_pm(devs[i]) || !take(devs[i], taken))
			continue;
		if (!vfio_try_open(vfio, devs[i])) {
			if (has_bar_of_a_page(vfio, bar))
				return true;
			vfio_close(vfio);
		}
		if (*taken)
			give_back(devs[i]);
	}
	return false;
}

static void d3hot(void)
{
	mapping_t at, map_of_bar;
	unsigned int bar;
	struct vfio vfio;
	uint32_t value;
	bool taken;
	int lease;

	if (!find_pm_device(&vfio, &bar, &taken)) {
		skip("no device of this machine has a PM capability and a BAR",
		     "D3hot takes every mapping away");
		return;
	}
	diag("%s, BAR %u", vfio.bdf.name, bar);
	memory_decode(&vfio, true);
	lease = lease_of(vfio.device, bar, 0, PAGE);
	at = map(lease, 0, PAGE, RW);
	map_of_bar = map_bar(&vfio, bar, 0, PAGE);
	ok(read32(at, &value), "in D0, a lease can be read");
	ok(read32(map_of_bar, &value), "so can a BAR map");

	set_power_state(&vfio, D3HOT);
	is_int(power_state(&vfio), D3HOT, "the device goes to D3hot");
	is_int(pages_present(at, PAGE), 0, "no page of the lease is left");
	sigbus(at, "the lease is SIGBUS");
	sigbus(map_of_bar, "so is the BAR map");
	set_power_state(&vfio, D0);
	is_int(power_state(&vfio), D0, "the device comes back to D0");
	memory_decode(&vfio, true);
	ok(read32(at, &value), "the lease can be read");
	is_int(value, vfio_get32(&vfio, bar, 0), "it shows what pread() does");
	ok(read32(map_of_bar, &value), "the BAR map can be read");

	set_power_state(&vfio, D3HOT);
	is_ok(lease_revoke(vfio.device, lease),
	      "the lease is revoked in D3hot");
	set_power_state(&vfio, D0);
	memory_decode(&vfio, true);
	sigbus(at, "back in D0, it stays SIGBUS");
	ok(read32(map_of_bar, &value), "the BAR map can be read");

	unmap(at, PAGE);
	unmap(map_of_bar, PAGE);
	close(lease);
	vfio_close(&vfio);
	if (taken)
		give_back(vfio.bdf);
}

int main(void)
{
	low_power_state();
	d3hot();
	return tap_done();
}
