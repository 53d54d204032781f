// SPDX-License-Identifier: MIT
/*
 * While a device does not decode memory every access is SIGBUS; after, every
 * mapping works as before
 *
 * Copyright (C) 2026 The barlease authors
 */
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

#define SEED	8
#define SIZE	MIB(4)

static struct vfio small;

struct maps {
	mapping_t small_pages, huge_pages, wc, bar, bar0;
	struct peer peer;
	mapping_t there;
};

static void works(const struct maps *maps, const char *when)
{
	reads(maps->small_pages, pattern(0, SEED), "%s, a lease in small pages works",
	      when);
	reads(maps->huge_pages, pattern(0, SEED), "%s, in huge pages", when);
	reads(maps->wc, pattern(0, SEED), "%s, a WC lease", when);
	reads(maps->bar, pattern(0, SEED), "%s, a BAR map", when);
	reads(maps->bar0, 0, "%s, a map of another BAR", when);
	peer_reads(&maps->peer, maps->there, pattern(0, SEED),
		   "%s, a lease in another process", when);
}

static void dead(const struct maps *maps, const char *when)
{
	sigbus(maps->small_pages, "%s, a lease in small pages is SIGBUS", when);
	sigbus(maps->small_pages + MIB(3), "%s, so is a page never used", when);
	ok(!write32(maps->small_pages, 0xbad), "%s, so is a write", when);
	sigbus(maps->huge_pages, "%s, so is a lease in huge pages", when);
	sigbus(maps->wc, "%s, so is a WC lease", when);
	sigbus(maps->bar, "%s, so is a BAR map", when);
	sigbus(maps->bar0, "%s, so is a map of another BAR", when);
	peer_sigbus(&maps->peer, maps->there,
		    "%s, so is a lease in another process", when);
	is_int(pages_present(maps->small_pages, SIZE) +
	       pages_present(maps->huge_pages, SIZE) +
	       pages_present(maps->wc, SIZE) +
	       pages_present(maps->bar, SIZE), 0,
	       "%s, not a page is in the page tables", when);
}

static void made_while_off(void)
{
	int lease;
	mapping_t at;

	memory_decode(&small, false);
	lease = lease_of(small.device, BAR2, 0, SIZE);
	at = map(lease, 0, SIZE, RW);
	sigbus(at, "a lease made and mapped with decode off is SIGBUS");
	memory_decode(&small, true);
	reads(at, pattern(0, SEED), "with decode on, it works");
	memory_decode(&small, false);
	is_int(lease_revoke(small.device, lease), 0,
	       "a lease can be revoked with decode off");
	memory_decode(&small, true);
	sigbus(at, "with decode on, it stays SIGBUS");
	unmap(at, SIZE);
	close(lease);
}

static void other_device_does_not_notice(void)
{
	struct vfio big = vfio_open(dev_big());
	int lease = lease_of(big.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);

	vfio_put32(&big, BAR2, 0, 0xb16);
	reads(at, 0xb16, "a lease of another device works");
	memory_decode(&small, false);
	ok(entry_at(at).present, "its page stays when decode goes off here");
	reads(at, 0xb16, "and it works");
	memory_decode(&small, true);
	unmap(at, SIZE);
	close(lease);
	vfio_close(&big);
}

int main(void)
{
	struct maps maps;
	int lease, wc;

	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	maps.peer = peer_start();
	lease = lease_of(small.device, BAR2, 0, SIZE);
	wc = lease_of(small.device, BAR2, 0, SIZE);
	is_ok(lease_set_memattr(small.device, wc, WC), "a lease is made WC");
	maps.small_pages = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	maps.huge_pages = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	maps.wc = map(wc, 0, SIZE, RW);
	maps.bar = map_bar(&small, BAR2, 0, SIZE);
	maps.bar0 = map_bar(&small, BAR0, 0, PAGE);
	maps.there = peer_map(&maps.peer, lease, 0, SIZE, RW);

	works(&maps, "at first");
	memory_decode(&small, false);
	dead(&maps, "with decode off");
	memory_decode(&small, true);
	works(&maps, "with decode on");

	for (int i = 0; i < 20; i++) {
		memory_decode(&small, false);
		memory_decode(&small, true);
	}
	works(&maps, "after 20 times off and on");
	config_put16(&small, PCI_COMMAND,
		     config_get16(&small, PCI_COMMAND) ^ PCI_COMMAND_MASTER);
	works(&maps, "after a change of another bit");

	made_while_off();
	other_device_does_not_notice();

	peer_stop(&maps.peer);
	unmap(maps.small_pages, SIZE);
	unmap(maps.huge_pages, SIZE);
	unmap(maps.wc, SIZE);
	unmap(maps.bar, SIZE);
	unmap(maps.bar0, PAGE);
	close(lease);
	close(wc);
	vfio_close(&small);
	return tap_done();
}
