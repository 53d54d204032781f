// SPDX-License-Identifier: MIT
/*
 * The bug: a slice that is revoked and exported again, and who had it before has
 * it still. A revoke that leaves a page table entry gives the first client the
 * second one's bytes; and where page offsets are used again, a revoke that goes by
 * those of the first takes the pages of the second.
 *
 * No released kernel has leases: what vfio-pci exports (7.3) cannot be mapped. Here
 * offsets are given back after the zap, and a buffer zaps and frees them once:
 * docs/driver.md, "One address space a device".
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
#include "pagetable.h"
#include "peer.h"
#include "stock.h"
#include "tap.h"

/*
 * A lease that takes 1 TiB of offsets, as it shows the slice over and over: there
 * are 6, so among so many of them, one after the other, one has those of the first.
 */
#define RANGES	1024
#define ROUNDS	8
#define RANGE	((uint64_t)1 << 30)
#define AT	(RANGE * 5)

#define FIRST	0x1111
#define SECOND	0x2222

static struct vfio big;

static int export_slice(void)
{
	static struct vfio_region_dma_range ranges[RANGES];
	int lease;

	for (int i = 0; i < RANGES; i++)
		ranges[i].length = RANGE;
	lease = lease_export(big.device, BAR2, O_RDWR | O_CLOEXEC, ranges,
			     RANGES);
	if (lease < 0)
		bail("cannot export the slice");
	return lease;
}

/* Who had it: a process with two mappings of it, one of which has no page */
struct former {
	int lease;		/* -1 when it is closed */
	mapping_t used, unused;
	struct peer other;
};

static void stays_out(const struct former *former, const char *when)
{
	is_int(pages_present(former->used, PAGE), 0,
	       "%s, the first client has no page", when);
	sigbus(former->used, "nor gets it one");
	sigbus(former->unused, "nor for an address that it has not used");
	peer_sigbus(&former->other, former->used, "nor in a fork of it");
}

static bool untouched(mapping_t at)
{
	return pages_present(at, PAGE) == 1;
}

/* One more client; returns whether another revoke of the first leaves it alone */
static bool next_client(const struct former *former)
{
	int lease = export_slice();
	mapping_t at = map(lease, AT, PAGE, RW);
	uint32_t value = 0;
	bool undisturbed;

	undisturbed = read32(at, &value) && value == SECOND && untouched(at);
	undisturbed &= !read32(former->used, &value);
	undisturbed &= lease_revoke(big.device, former->lease) ==
		       (former->lease < 0 ? -EBADF : -EBADFD);
	undisturbed &= untouched(at);
	undisturbed &= !lease_revoke(big.device, lease);
	unmap(at, PAGE);
	close(lease);
	return undisturbed;
}

static void with_this_driver(void)
{
	struct former former;
	int disturbed = 0;

	big = vfio_open(dev_big_mapped());
	vfio_put32(&big, BAR2, 0, FIRST);
	former.lease = export_slice();
	former.used = map(former.lease, AT, PAGE, RW);
	former.unused = map(former.lease, AT, PAGE, RW);
	reads(former.used, FIRST, "a client has the slice");
	former.other = peer_start();
	peer_reads(&former.other, former.used, FIRST, "so has a fork of it");
	is_ok(lease_revoke(big.device, former.lease), "it is taken back");
	vfio_put32(&big, BAR2, 0, SECOND);
	stays_out(&former, "revoked");

	for (int i = 0; i < ROUNDS; i++)
		disturbed += !next_client(&former);
	is_int(disturbed, 0,
	       "%d times it is somebody else's, whom a second revoke leaves alone",
	       ROUNDS);
	stays_out(&former, "after all of them");
	close(former.lease);
	former.lease = -1;
	ok(next_client(&former), "with the fd of the first closed, too");
	stays_out(&former, "in the end");
	peer_stop(&former.other);
	unmap(former.used, PAGE);
	unmap(former.unused, PAGE);
	vfio_close(&big);
}

static void with_stock(void)
{
	int dmabuf;

	big = vfio_open(dev_big());
	dmabuf = stock_export(&big, BAR2);
	if (dmabuf >= 0) {
		is_error(try_map(dmabuf, 0, PAGE, RW, MAP_SHARED), EINVAL,
			 "which nobody can map: EINVAL");
		close(dmabuf);
	}
	vfio_close(&big);
}

int main(void)
{
	const struct bdf dev = dev_big();

	with_this_driver();
	stock_has(&dev, 1, with_stock);
	return tap_done();
}
