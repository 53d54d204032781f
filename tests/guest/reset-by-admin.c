// SPDX-License-Identifier: MIT
/*
 * A reset that does not come from the user of the device: through sysfs, and
 * through another device of the same bus
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "peer.h"
#include "tap.h"
#include "watchers.h"

#define SEED	10
#define SIZE	MIB(4)
#define RESETS	20
#define EDU_ID	0x010000edu

static void check_watchers(const struct watchers *watchers, int resets)
{
	ok(watchers->reads > resets, "two threads read meanwhile: %ld words",
	   (long)watchers->reads);
	is_int(watchers->sigbus, 0, "no access was SIGBUS");
	is_int(watchers->wrong, 0, "no word was wrong");
	ok(watchers->longest_us > 5000, "some waited for a reset to end");
}

static long reset_by_sysfs(int fd, const long *args)
{
	int failed = 0;

	(void)fd;
	for (int i = 0; i < args[0]; i++)
		failed += pci_write(dev_small(), "reset", "1") != 0;
	return failed;
}

static void through_sysfs(void)
{
	struct peer admin = peer_start();
	struct vfio small = vfio_open(dev_small());
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	struct watched watched[] = {
		{ .at = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE),
		  .size = SIZE, .seed = SEED },
		{ .at = map_aligned(lease, 0, SIZE, RW, MIB(2), 0),
		  .size = SIZE, .seed = SEED },
		{ .at = map_bar(&small, BAR2, 0, SIZE),
		  .size = SIZE, .seed = SEED },
	};
	struct watchers watchers;

	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	for (int i = 0; i < 3; i++)
		is_int(pattern_errors(watched[i].at, 0, SIZE, PAGE, SEED), 0,
		       "mapping %d works", i + 1);
	is_int(peer_call(&admin, reset_by_sysfs, -1, ARGS(1)), 0,
	       "another process resets the device through sysfs");
	for (int i = 0; i < 3; i++) {
		is_int(pages_present(watched[i].at, SIZE), 0,
		       "the reset took every page of mapping %d away", i + 1);
		is_int(pattern_errors(watched[i].at, 0, SIZE, PAGE, SEED), 0,
		       "mapping %d works after it", i + 1);
	}

	watchers_start(&watchers, watched, 3, 2);
	is_int(peer_call(&admin, reset_by_sysfs, -1, ARGS(RESETS)), 0,
	       "it does so %d times more", RESETS);
	watchers_stop(&watchers);
	check_watchers(&watchers, RESETS);

	is_ok(lease_revoke(small.device, lease), "the lease is revoked");
	is_int(peer_call(&admin, reset_by_sysfs, -1, ARGS(1)), 0,
	       "and the device reset");
	sigbus(watched[0].at, "a reset does not bring the lease back");
	reads(watched[2].at, pattern(0, SEED), "the BAR map works");

	for (int i = 0; i < 3; i++)
		unmap(watched[i].at, SIZE);
	close(lease);
	vfio_close(&small);
	peer_stop(&admin);
}

/* How many devices a hot reset of this one resets */
static int hot_reset_devices(const struct vfio *vfio)
{
	struct vfio_pci_hot_reset_info info = { .argsz = sizeof(info) };

	if (ioctl(vfio->device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info) &&
	    errno != ENOSPC)
		return -errno;
	return info.count;
}

static void through_another_device(void)
{
	struct vfio edu = vfio_open(dev_edu());
	struct vfio testdev = vfio_open_sibling(&edu, dev_testdev());
	int lease = lease_of(edu.device, BAR0, 0, PAGE);
	struct watched watched[] = {
		{ .at = map(lease, 0, PAGE, RW), .size = PAGE,
		  .value = EDU_ID },
		{ .at = map_bar(&edu, BAR0, 0, PAGE), .size = PAGE,
		  .value = EDU_ID },
	};
	struct watchers watchers;
	int failed = 0;

	is_int(hot_reset_devices(&testdev), 2,
	       "a hot reset of pci-testdev is one of two devices");
	reads(watched[0].at, EDU_ID, "a lease of edu works");
	reads(watched[1].at, EDU_ID, "so does a BAR map");
	is_ok(vfio_hot_reset(&testdev), "pci-testdev is hot-reset");
	is_int(pages_present(watched[0].at, PAGE), 0,
	       "that took the page of edu's lease away");
	is_int(pages_present(watched[1].at, PAGE), 0,
	       "and the page of the BAR map");
	reads(watched[0].at, EDU_ID, "the lease works after it");
	reads(watched[1].at, EDU_ID, "so does the BAR map");

	watchers_start(&watchers, watched, 2, 2);
	for (int i = 0; i < RESETS; i++)
		failed += vfio_hot_reset(i % 2 ? &edu : &testdev) != 0;
	watchers_stop(&watchers);
	is_int(failed, 0, "%d hot resets more, from either device, succeed",
	       RESETS);
	check_watchers(&watchers, RESETS);

	is_ok(lease_revoke(edu.device, lease), "the lease is revoked");
	is_ok(vfio_hot_reset(&testdev), "pci-testdev is hot-reset");
	sigbus(watched[0].at, "that does not bring the lease back");
	reads(watched[1].at, EDU_ID, "the BAR map works");

	unmap(watched[0].at, PAGE);
	unmap(watched[1].at, PAGE);
	close(lease);
	vfio_close(&testdev);
	vfio_close(&edu);
}

int main(void)
{
	through_sysfs();
	through_another_device();
	return tap_done();
}
