// SPDX-License-Identifier: MIT
/*
 * Taking the driver from a device waits for who has it open, as vfio-pci does,
 * and for nobody else; unloading the driver waits for its last DMABUF
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "event.h"
#include "fds.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "peer.h"
#include "tap.h"

#define SIZE	(4 * PAGE)
#define VALUE	0x0b1d

static long do_unbind(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return pci_unbind(dev_small());
}

static bool has_driver(void)
{
	char driver[64];

	pci_driver(dev_small(), driver, sizeof(driver));
	return driver[0];
}

static void bind_again(void)
{
	struct vfio vfio;

	is_ok(pci_bind(dev_small(), OUR_DRIVER), "it can be bound again");
	is_ok(vfio_try_open(&vfio, dev_small()), "and opened");
	vfio_close(&vfio);
}

static void in_use(void)
{
	struct peer admin = peer_start();
	struct vfio vfio = vfio_open(dev_small());
	int request = event_fd(&vfio, VFIO_PCI_REQ_IRQ_INDEX);
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	mapping_t bar = map_bar(&vfio, BAR2, 0, SIZE);

	vfio_put32(&vfio, BAR2, 0, VALUE);
	peer_begin(&admin, do_unbind, -1, NULL);
	ok(event_came(request, 3000), "an unbind asks for the device");
	ok(!peer_is_done(&admin, 500), "and waits");
	reads(at, VALUE, "a lease works meanwhile");
	reads(bar, VALUE, "so does a BAR map");
	is_ok(lease_revoke(vfio.device, lease), "the lease can be revoked");
	sigbus(at, "and is SIGBUS");

	vfio_close(&vfio);
	ok(!peer_is_done(&admin, 500),
	   "with the fds closed, it waits for the BAR map");
	reads(bar, VALUE, "which works");
	unmap(bar, SIZE);
	ok(peer_is_done(&admin, 15000), "with the BAR map gone, it is done");
	is_ok(peer_result(&admin), "and successful");
	ok(!has_driver(), "the device has no driver");
	sigbus(at, "the lease is SIGBUS");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "and cannot be mapped: ENODEV");
	bind_again();
	unmap(at, SIZE);
	close(lease);
	close(request);
	peer_stop(&admin);
}

static void exports_only(bool close_before_bind)
{
	struct peer admin = peer_start();
	struct vfio vfio = vfio_open(dev_small());
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	int64_t start;

	vfio_put32(&vfio, BAR2, 0, VALUE);
	reads(at, VALUE, "a lease works");
	vfio_close(&vfio);
	start = now_us();
	peer_begin(&admin, do_unbind, -1, NULL);
	ok(peer_is_done(&admin, 5000),
	   "an unbind with only a lease left does not wait: %lld ms",
	   (long long)(now_us() - start) / 1000);
	is_ok(peer_result(&admin), "and is successful");
	ok(!has_driver(), "the device has no driver");
	sigbus(at, "the lease is SIGBUS");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "and cannot be mapped: ENODEV");
	is_ok(lease_set_name(lease, "orphan"), "it can still be named");

	if (close_before_bind) {
		close(lease);
		sigbus(at, "its mapping outlives its fd, and is SIGBUS");
		unmap(at, SIZE);
		bind_again();
	} else {
		bind_again();
		sigbus(at, "that does not bring the lease back");
		vfio = vfio_open(dev_small());
		is_error(lease_revoke(vfio.device, lease), ENODEV,
			 "to the device as bound anew it is a stranger's: ENODEV");
		vfio_close(&vfio);
		unmap(at, SIZE);
		close(lease);
	}
	peer_stop(&admin);
}

static void unload(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	struct bdf devs[32];
	size_t bound = pci_of_driver(OUR_DRIVER, devs, 32);

	is_error(module_unload(OUR_MODULE), EWOULDBLOCK,
		 "with a device open, the driver cannot be unloaded");
	vfio_close(&vfio);
	is_error(module_unload(OUR_MODULE), EWOULDBLOCK,
		 "nor with an fd of a lease");
	close(lease);
	is_error(module_unload(OUR_MODULE), EWOULDBLOCK,
		 "nor with a mapping of it");
	sigbus(at, "which is SIGBUS");
	unmap(at, SIZE);
	is_int(module_users(OUR_MODULE), 0, "with all gone, nobody uses it");
	is_ok(module_unload(OUR_MODULE), "and it is unloaded");

	is_int(module_load("barlease-vfio-pci", NULL), 0,
	       "it is loaded again");
	is_int(pci_of_driver(OUR_DRIVER, devs, 32), bound,
	       "and has all its devices again");
}

int main(void)
{
	int fds = fds_open();

	in_use();
	exports_only(true);
	exports_only(false);
	unload();
	is_int(fds_open(), fds, "no fd is left over");
	return tap_done();
}
