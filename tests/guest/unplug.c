// SPDX-License-Identifier: MIT
/*
 * A device that is pulled out of the machine while clients have leases of it,
 * and that the clients never let go of: whatever is plugged in next, in its slot
 * or elsewhere, works, and the kernel uses nothing that it has freed
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include "access.h"
#include "event.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "peer.h"
#include "plug.h"
#include "tap.h"

#define ROUNDS	4
#define SIZE	(4 * PAGE)
#define OLD	0x01d
#define NEW	0x2ef

struct kept {
	int lease;
	mapping_t at;
	mapping_t others_at;
};

static struct peer client;

/* Pull it out while it is open, and its leases are mapped by two processes */
static struct kept lose(const struct plugged *plugged)
{
	struct vfio vfio = vfio_open(plugged->dev);
	int request = event_fd(&vfio, VFIO_PCI_REQ_IRQ_INDEX);
	struct kept kept;

	kept.lease = lease_of(vfio.device, BAR2, 0, SIZE);
	kept.at = map(kept.lease, 0, SIZE, RW);
	kept.others_at = peer_map(&client, kept.lease, 0, SIZE, RW);
	vfio_put32(&vfio, BAR2, 0, OLD);
	reads(kept.at, OLD, "a lease works");
	peer_reads(&client, kept.others_at, OLD, "in another process, too");

	plug_pull(plugged);
	ok(event_came(request, 10000),
	   "when the device is pulled, its user is asked");
	reads(kept.at, OLD, "a lease works until that lets go");
	close(request);
	vfio_close(&vfio);
	ok(plug_gone(plugged), "then the device is gone");
	return kept;
}

static void check_lost(const struct kept *kept, const char *when)
{
	sigbus(kept->at, "%s, its lease is SIGBUS", when);
	peer_sigbus(&client, kept->others_at, "in another process, too");
	is_error(try_map(kept->lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "and cannot be mapped: ENODEV");
}

static void use(struct bdf dev, const struct kept *kept)
{
	struct vfio vfio = vfio_open(dev);
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);

	ok(write32(at, NEW), "a lease of the new device can be written");
	reads(at, NEW, "and read");
	check_lost(kept, "with another device in the slot");
	is_error(lease_revoke(vfio.device, kept->lease), ENODEV,
		 "and is no lease of that one");
	is_ok(vfio_hot_reset(&vfio), "a hot reset works");
	reads(at, NEW, "and the lease after it");
	vfio_close(&vfio);
	sigbus(at, "the last close revokes it");
	unmap(at, SIZE);
	close(lease);
}

/* What is plugged in elsewhere meanwhile gets the memory that was freed */
static struct kept round_of(int i)
{
	struct plugged lost = plug_memory("hp0"), elsewhere, there;
	struct kept kept = lose(&lost);

	diag("round %d", i + 1);
	elsewhere = plug_memory("hp1");
	check_lost(&kept, "with a device plugged in elsewhere");
	there = plug_memory("hp0");
	use(there.dev, &kept);
	use(elsewhere.dev, &kept);
	plug_pull(&there);
	ok(plug_gone(&there), "it can be pulled out");
	plug_pull(&elsewhere);
	ok(plug_gone(&elsewhere), "and the one elsewhere");
	return kept;
}

int main(void)
{
	int fds = fds_open();
	struct kept kept[ROUNDS];

	client = peer_start();
	for (int i = 0; i < ROUNDS; i++)
		kept[i] = round_of(i);
	for (int i = 0; i < ROUNDS; i++) {
		check_lost(&kept[i], "after all");
		unmap(kept[i].at, SIZE);
		peer_unmap(&client, kept[i].others_at, SIZE);
		close(kept[i].lease);
	}
	peer_stop(&client);
	/* The monitor's port */
	is_int(fds_open(), fds + 1, "no fd is left over");
	return tap_done();
}
