// SPDX-License-Identifier: MIT
/*
 * The bug: a driver that goes by dmabuf->file. When the last fd is closed the
 * struct file is freed; the DMABUF is not, as long as somebody has an O_PATH
 * descriptor of it, and stays in the driver's list with a dangling pointer.
 *
 * vfio-pci has it since it exports DMABUFs (seen on 7.3.4): its close calls
 * get_file_active(&dmabuf->file) on the freed file. As long as nobody has got that
 * memory, it takes the buffer for one that is about to go, and leaves it in the
 * list with its hold on the device; so the unbind waits for a client's descriptor,
 * which leads nowhere. Once somebody has, it takes and drops a reference on that
 * file, or on whatever else lies there.
 *
 * Here nothing looks for the file: docs/driver.md, "Life times".
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "later.h"
#include "lease.h"
#include "stock.h"
#include "tap.h"

#define LEASES	8
/* Between them, so that no slab of files gets empty, and its page another use */
#define SPARES	8

struct kept {
	int leases[LEASES];
	int paths[LEASES];
	int spares[LEASES * SPARES];
};

static void close_all(const int *fds, int n)
{
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

static int path_of(int fd)
{
	char link[64];
	int path;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	path = open(link, O_PATH | O_CLOEXEC);
	if (path < 0)
		bail("O_PATH of %s: %s", link, strerror(errno));
	return path;
}

/* Nothing is left of the leases but O_PATH descriptors, when the device closes */
static void keep_paths(struct vfio *vfio, struct kept *kept)
{
	for (int i = 0; i < LEASES; i++) {
		kept->leases[i] = lease_of(vfio->device, BAR2, 0, PAGE);
		for (int j = 0; j < SPARES; j++)
			kept->spares[i * SPARES + j] =
				open("/dev/null", O_RDONLY | O_CLOEXEC);
		kept->paths[i] = path_of(kept->leases[i]);
	}
	close_all(kept->leases, LEASES);
	vfio_close(vfio);
	ok(true, "the device is closed, with O_PATH descriptors of %d DMABUFs left",
	   LEASES);
}

static long unbind(void *unused)
{
	(void)unused;
	return pci_unbind(dev_small());
}

static void with_this_driver(void)
{
	struct vfio vfio = vfio_open(dev_small());
	struct later later;
	struct kept kept;

	keep_paths(&vfio, &kept);
	later_begin(&later, unbind, NULL);
	ok(!later_waits(&later), "an unbind does not wait for them");
	close_all(kept.paths, LEASES);
	is_ok(later_end(&later), "the device is unbound");
	is_ok(pci_bind(dev_small(), OUR_DRIVER), "and bound again");
	close_all(kept.spares, LEASES * SPARES);
}

static void with_stock(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int dmabuf = stock_export(&vfio, BAR2);
	struct later later;
	struct kept kept;

	if (dmabuf < 0) {
		vfio_close(&vfio);
		return;
	}
	close(dmabuf);
	keep_paths(&vfio, &kept);
	later_begin(&later, unbind, NULL);
	ok(later_waits(&later),
	   "stock has the bug: an unbind waits for a descriptor of nothing");
	close_all(kept.paths, LEASES);
	is_ok(later_end(&later), "with those closed, it is done");
	close_all(kept.spares, LEASES * SPARES);
}

int main(void)
{
	const struct bdf dev = dev_small();

	with_this_driver();
	stock_has(&dev, 1, with_stock);
	return tap_done();
}
