// SPDX-License-Identifier: MIT
/*
 * A fatal error of the link, for which the kernel resets it: no access reads
 * what is not the device's, but all are SIGBUS, until the owner has reset the
 * device or opened it anew
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "access.h"
#include "clock.h"
#include "event.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "monitor.h"
#include "pagetable.h"
#include "pattern.h"
#include "peer.h"
#include "plug.h"
#include "stock.h"
#include "tap.h"
#include "watchers.h"

#define SEED	21
#define SIZE	MIB(4)
#define EDU_ID	0x010000edu
#define VALUE	0x0e44

/* The root ports of dev_small() and of the network card */
#define SMALL_PORT	"rp1"
#define CARD_PORT	"rp3"

static void inject(const char *port)
{
	monitor("pcie_aer_inject_error %s DLP", port);
}

/* What the device itself has there; VFIO shows its users something else */
static uint32_t real_bar(struct bdf dev, unsigned int bar)
{
	uint32_t value = 0;
	char path[256];
	int fd;

	pci_path(dev, "config", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pread(fd, &value, sizeof(value), PCI_BASE_ADDRESS_0 + 4 * bar) !=
	    sizeof(value))
		bail("cannot read %s", path);
	close(fd);
	return value & PCI_BASE_ADDRESS_MEM_MASK;
}

static bool loses_its_bar(struct bdf dev, unsigned int bar)
{
	return comes_true(!real_bar(dev, bar));
}

/* The kernel refuses it while it is at the device itself */
static int reset(const struct vfio *vfio)
{
	int ret = -EAGAIN;

	for (int i = 0; ret == -EAGAIN && i < 1000; i++) {
		ret = vfio_reset(vfio);
		sleep_ms(10);
	}
	return ret;
}

static bool is_lost(mapping_t at)
{
	uint32_t value;

	return !read32(at, &value);
}

/* What this is about */
static void with_stock(void)
{
	struct vfio small = vfio_open(dev_small());
	uint32_t value = VALUE;
	mapping_t at;

	at = map_bar(&small, BAR2, 0, PAGE);
	write32(at, VALUE);
	inject(SMALL_PORT);
	ok(loses_its_bar(dev_small(), 2), "an error costs the device its BARs");
	/* Another processor may have it for a moment longer. */
	ok(comes_true(read32(at, &value) && value != VALUE),
	   "and a map reads what is not the device's: %#x", value);
	unmap(at, PAGE);
	vfio_close(&small);
}

/* Threads look all the time, and the owner resets as soon as it knows */
static void while_in_use(void)
{
	struct vfio small = vfio_open(dev_small());
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	struct watched watched[] = {
		{ .at = map_aligned(lease, 0, SIZE, RW, MIB(2), 0),
		  .size = SIZE, .seed = SEED },
		{ .at = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE),
		  .size = SIZE, .seed = SEED },
		{ .at = map_bar(&small, BAR2, 0, SIZE),
		  .size = SIZE, .seed = SEED },
	};
	struct watchers watchers;

	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	watchers_start(&watchers, watched, 3, 2);
	inject(SMALL_PORT);
	ok(comes_true(atomic_load(&watchers.sigbus)),
	   "an error of the link makes accesses SIGBUS");
	is_ok(reset(&small), "the owner resets the device as soon as it can");
	ok(comes_true(!is_lost(watched[0].at)),
	   "when the kernel is done, too, the lease works");
	watchers_stop(&watchers);
	ok(watchers.reads > watchers.sigbus,
	   "two threads read meanwhile: %ld words, %ld times SIGBUS",
	   (long)watchers.reads, (long)watchers.sigbus);
	is_int(watchers.wrong, 0, "no word was wrong");
	for (int i = 0; i < 3; i++) {
		is_int(pattern_errors(watched[i].at, 0, SIZE, PAGE, SEED), 0,
		       "mapping %d works", i + 1);
		unmap(watched[i].at, SIZE);
	}
	close(lease);
	vfio_close(&small);
}

static void lost_for_good(const struct vfio *small, const struct peer *client,
			  mapping_t at, mapping_t there, mapping_t bar)
{
	mapping_t late;
	int lease;

	sigbus(at, "a lease is SIGBUS");
	peer_sigbus(client, there, "in another process, too");
	sigbus(bar, "so is a BAR map");
	ok(!write32(at, 0), "a write is SIGBUS");
	is_int(pages_present(at, PAGE), 0, "nothing is in the page table");
	lease = lease_of(small->device, BAR2, 0, PAGE);
	late = map(lease, 0, PAGE, RW);
	sigbus(late, "a new lease can be mapped, and is SIGBUS");
	is_ok(lease_revoke(small->device, lease), "and can be revoked");
	unmap(late, PAGE);
	close(lease);
}

/* The owner takes its time */
static void reset_later(void)
{
	struct vfio small = vfio_open(dev_small());
	struct peer client = peer_start();
	int lease = lease_of(small.device, BAR2, 0, PAGE);
	int gone = lease_of(small.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);
	mapping_t there = peer_map(&client, lease, 0, PAGE, RW);
	mapping_t bar = map_bar(&small, BAR2, 0, PAGE);
	mapping_t gone_at = map(gone, 0, PAGE, RW);

	write32(at, VALUE);
	reads(gone_at, VALUE, "leases work");
	inject(SMALL_PORT);
	ok(loses_its_bar(dev_small(), 2), "an error costs the device its BARs");
	lost_for_good(&small, &client, at, there, bar);
	is_ok(lease_revoke(small.device, gone), "a lease can be revoked");

	is_ok(reset(&small), "the owner resets the device");
	ok(comes_true(!is_lost(at)), "the lease works again");
	reads(at, VALUE, "and reads what is there");
	peer_reads(&client, there, VALUE, "in another process, too");
	reads(bar, VALUE, "so does the BAR map");
	sigbus(gone_at, "the revoked one does not");

	unmap(at, PAGE);
	unmap(bar, PAGE);
	unmap(gone_at, PAGE);
	close(lease);
	close(gone);
	peer_stop(&client);
	vfio_close(&small);
}

static void works_when_opened(struct bdf dev, unsigned int bar, uint32_t want)
{
	struct vfio vfio = vfio_open(dev);
	int lease = lease_of(vfio.device, bar, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	reads(at, want, "a lease works");
	vfio_close(&vfio);
	unmap(at, PAGE);
	close(lease);
}

static void opened_anew(void)
{
	struct vfio small = vfio_open(dev_small());
	mapping_t at = map_bar(&small, BAR2, 0, PAGE);

	inject(SMALL_PORT);
	ok(loses_its_bar(dev_small(), 2), "with another error");
	sigbus(at, "the map is SIGBUS");
	unmap(at, PAGE);
	vfio_close(&small);
	works_when_opened(dev_small(), BAR2, VALUE);

	inject(SMALL_PORT);
	ok(loses_its_bar(dev_small(), 2), "with an error while it is closed");
	works_when_opened(dev_small(), BAR2, VALUE);
}

/*
 * The kernel gives up where a function beside has no driver. That function is
 * lost then, so it is none that other tests want
 */
static void without_recovery(void)
{
	struct plugged two = plug_two("hp0");
	struct vfio edu;
	mapping_t at;

	is_ok(pci_unbind(two.second), "a function beside edu has no driver");
	edu = vfio_open(two.dev);
	at = map_bar(&edu, BAR0, 0, PAGE);
	reads(at, EDU_ID, "a map of edu works");
	inject("hp0");
	ok(comes_true(is_lost(at)), "an error makes it SIGBUS");
	ok(loses_its_bar(two.dev, 0), "and costs the device its BARs");
	sigbus(at, "it stays SIGBUS");
	unmap(at, PAGE);
	vfio_close(&edu);
	works_when_opened(two.dev, BAR0, EDU_ID);
	plug_pull(&two);
	ok(plug_gone(&two), "both can be pulled out");
}

/* Only PCI Express devices have this event */
static void told(void)
{
	struct bdf card;
	struct vfio vfio;
	mapping_t at;
	uint32_t value = 0;
	int event;

	if (!pci_find(&card, 0x8086, 0x10c9, 0, 0) &&
	    !pci_find(&card, 0x8086, 0x10d3, 0, 0))
		bail("this machine has no network card");
	vfio = vfio_open(card);
	event = event_fd(&vfio, VFIO_PCI_ERR_IRQ_INDEX);
	at = map_bar(&vfio, BAR0, 0, PAGE);
	ok(read32(at, &value) && value != ~0u, "a register can be read");
	inject(CARD_PORT);
	ok(event_came(event, 10000), "the owner is told of an error");
	sigbus(at, "by when the map is SIGBUS");
	is_ok(reset(&vfio), "the owner resets the device");
	ok(comes_true(!is_lost(at)), "the map works again");
	reads(at, value, "and reads the register");
	unmap(at, PAGE);
	close(event);
	vfio_close(&vfio);
}

/*
 * This test is the last (lab/init), for it has lockdep report what the kernel does,
 * and that is its last report. One before it would have been the last as well.
 */
static void lockdep_has_looked(void)
{
	FILE *stats = fopen("/proc/lockdep_stats", "re");
	char line[256];
	int on = 0;

	if (!stats)
		return;
	while (fgets(line, sizeof(line), stats))
		if (sscanf(line, " debug_locks: %d", &on) == 1)
			break;
	fclose(stats);
	is_int(on, 1, "lockdep has looked at all tests up to here");
}

int main(void)
{
	const struct bdf dev = dev_small();

	lockdep_has_looked();
	/* Before a device changes hands */
	if (kernel_is_32bit())
		skip_rest("a kernel of 32 bits maps no BAR but the first");
	stock_has(&dev, 1, with_stock);
	while_in_use();
	reset_later();
	opened_anew();
	without_recovery();
	told();
	return tap_done();
}
