// SPDX-License-Identifier: MIT
/*
 * The bug: a hot reset that waits for one slow importer with the locks of the
 * devices. An importer may take its time to give a mapping back; vfio-pci (since
 * it exports DMABUFs; seen on 7.3.4) waits for that in vfio_pci_dma_buf_move(),
 * called with memory_lock held for writing. So every fault of that device, and of
 * those of the set that it has locked before, waits for the importer as well, with
 * mmap_lock held.
 *
 * Here importers are waited for before the core takes any lock: docs/driver.md,
 * "Importers".
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "importer.h"
#include "later.h"
#include "lease.h"
#include "map.h"
#include "stock.h"
#include "tap.h"

/* What pci-testdev answers at its memory */
#define NOTHING	0

static long hot_reset(void *vfio)
{
	return vfio_hot_reset(vfio);
}

static long read_it(void *at)
{
	uint32_t value;

	return read32(at, &value) ? (long)value : -1;
}

/*
 * A hot reset that is started from @edu hits pci-testdev as well, which a third
 * device has a page of. Does a process that reads pci-testdev wait for that device?
 */
static bool reader_waits(struct vfio *edu, const struct vfio *testdev,
			 int dmabuf)
{
	int importer = importer_mapped(dmabuf, dev_big(),
				       BARLEASE_IMPORTER_WHEN_ASKED);
	mapping_t at = map_bar(testdev, BAR2, 0, PAGE);
	struct later reset, reader;
	bool waits;

	later_begin(&reset, hot_reset, edu);
	ok(comes_true(importer_told(importer) == 1),
	   "at a hot reset, a device is told to give its mapping back");
	ok(later_waits(&reset), "which takes its time");
	later_begin(&reader, read_it, (void *)at);
	waits = later_waits(&reader);
	importer_unmap(importer);
	is_ok(later_end(&reset), "when it has, the devices are reset");
	is_int(later_end(&reader), NOTHING, "and the process has read");
	unmap(at, PAGE);
	close(importer);
	return waits;
}

static void with_this_driver(void)
{
	struct vfio edu = vfio_open(dev_edu());
	struct vfio testdev = vfio_open_sibling(&edu, dev_testdev());
	int lease = lease_of(testdev.device, BAR2, 0, PAGE);

	if (importers_possible())
		ok(!reader_waits(&edu, &testdev, lease),
		   "a process that faults on the same device does not wait");
	else
		skip("this kernel lets no device attach",
		     "who faults does not wait for a device");
	close(lease);
	vfio_close(&testdev);
	vfio_close(&edu);
}

static void with_stock(void)
{
	struct vfio edu = vfio_open(dev_edu());
	struct vfio testdev = vfio_open_sibling(&edu, dev_testdev());
	int dmabuf = stock_export(&testdev, BAR2);

	if (dmabuf >= 0) {
		ok(reader_waits(&edu, &testdev, dmabuf),
		   "stock has the bug: a process that faults waits for the device");
		close(dmabuf);
	}
	vfio_close(&testdev);
	vfio_close(&edu);
}

int main(void)
{
	const struct bdf devs[] = { dev_edu(), dev_testdev() };

	with_this_driver();
	stock_has(devs, 2, with_stock);
	return tap_done();
}
