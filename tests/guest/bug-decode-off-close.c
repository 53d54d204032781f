// SPDX-License-Identifier: MIT
/*
 * The bug: what memory decode has taken back is taken back once more at the close.
 * Clearing PCI_COMMAND_MEMORY dropped vfio-pci's own reference in the count of a
 * DMABUF's mappings, to wait for the others; the last close, with decode still off,
 * dropped it again: "refcount_t: underflow", and a wait for a completion that does
 * not come. Mainline's vfio-pci had it when it began to wait for importers; 7.3.4
 * sets the count up anew after each wait.
 *
 * Here there is no reference to be dropped: mappings are counted, and who waits
 * looks at the count (docs/driver.md, "Importers").
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "config.h"
#include "importer.h"
#include "later.h"
#include "lease.h"
#include "log.h"
#include "map.h"
#include "stock.h"
#include "tap.h"

#define VALUE	0x0dec
#define TIMES	3

/* A device has it, where the kernel lets it; -1 where not */
static int attach(int dmabuf, unsigned int how)
{
	return importers_possible() ? importer_mapped(dmabuf, dev_big(), how) :
				      -1;
}

static void close_with_decode_off(struct vfio *vfio, int dmabuf)
{
	int importer = attach(dmabuf, BARLEASE_IMPORTER_AT_ONCE);
	int log = log_from_here();

	for (int i = 0; i < TIMES; i++) {
		memory_decode(vfio, true);
		memory_decode(vfio, false);
	}
	if (importer >= 0)
		is_error(importer_map(importer, BOTH_WAYS, NULL), ENODEV,
			 "with memory decode off, no device can map it: ENODEV");
	vfio_close(vfio);
	ok(true, "the device is closed with memory decode off");
	if (importer >= 0) {
		is_error(importer_map(importer, BOTH_WAYS, NULL), ENODEV,
			 "after which none can, either: ENODEV");
		close(importer);
	}
	ok(!log_says(log, "underflow"), "no count has run below 0");
}

static long decode_off(void *vfio)
{
	memory_decode(vfio, false);
	return 0;
}

/* A count that is too small would have nobody waited for. */
static void waits_for_devices(struct vfio *vfio, int dmabuf)
{
	int importer = attach(dmabuf, BARLEASE_IMPORTER_WHEN_ASKED);
	struct later later;

	if (importer < 0) {
		skip("this kernel lets no device attach",
		     "a device that has one is waited for");
		return;
	}
	later_begin(&later, decode_off, vfio);
	ok(comes_true(importer_told(importer) == 1), "a device that has one is told");
	ok(later_waits(&later), "and waited for");
	importer_unmap(importer);
	is_ok(later_end(&later), "until it has given it back");
	memory_decode(vfio, true);
	close(importer);
}

static void with_this_driver(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int lease = lease_of(vfio.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	vfio_put32(&vfio, BAR2, 0, VALUE);
	reads(at, VALUE, "a lease works");
	memory_decode(&vfio, false);
	sigbus(at, "with memory decode off, it is SIGBUS");
	memory_decode(&vfio, true);
	close_with_decode_off(&vfio, lease);
	sigbus(at, "the lease is SIGBUS");
	unmap(at, PAGE);
	close(lease);

	vfio = vfio_open(dev_small());
	lease = lease_of(vfio.device, BAR2, 0, PAGE);
	at = map(lease, 0, PAGE, RW);
	reads(at, VALUE, "with the device opened anew, a new lease works");
	waits_for_devices(&vfio, lease);
	is_ok(lease_revoke(vfio.device, lease), "it is revoked");
	unmap(at, PAGE);
	close(lease);
	vfio_close(&vfio);
}

static void with_stock(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int dmabuf = stock_export(&vfio, BAR2);

	if (dmabuf < 0) {
		vfio_close(&vfio);
		return;
	}
	diag("stock of this kernel does not have the bug any more");
	close_with_decode_off(&vfio, dmabuf);
	close(dmabuf);
	vfio = vfio_open(dev_small());
	dmabuf = stock_export(&vfio, BAR2);
	waits_for_devices(&vfio, dmabuf);
	close(dmabuf);
	vfio_close(&vfio);
}

int main(void)
{
	const struct bdf dev = dev_small();

	with_this_driver();
	stock_has(&dev, 1, with_stock);
	return tap_done();
}
