// SPDX-License-Identifier: MIT
/*
 * An export ends with the last close of the device; a map of a BAR keeps the
 * device open, and with it the exports
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "peer.h"
#include "tap.h"

#define VALUE	0x11fe
#define SIZE	(4 * PAGE)

static void write_value(const struct vfio *vfio)
{
	for (uint64_t i = 0; i < SIZE; i += PAGE)
		vfio_put32(vfio, BAR2, i, VALUE);
}

static void export_ends_with_device(void)
{
	struct vfio vfio = vfio_open(dev_small());
	struct peer peer = peer_start();
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t here = map(lease, 0, SIZE, RW), there;

	write_value(&vfio);
	there = peer_map(&peer, lease, 0, SIZE, RW);
	reads(here, VALUE, "a lease works");
	peer_reads(&peer, there, VALUE, "in another process, too");
	vfio_close_device(&vfio);
	sigbus(here, "after the device's last close, it is SIGBUS");
	sigbus(here + PAGE, "so is a page that was not in use");
	peer_sigbus(&peer, there, "so it is in the other process");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "it cannot be mapped: ENODEV");

	vfio.device = vfio_device_fd(&vfio);
	is_ok(vfio.device, "the device can be opened again");
	write_value(&vfio);
	sigbus(here, "that does not bring the lease back");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "nor can it be mapped then");
	is_error(lease_revoke(vfio.device, lease), EBADFD,
		 "it counts as revoked: EBADFD");
	unmap(here, SIZE);
	close(lease);

	lease = lease_of(vfio.device, BAR2, 0, SIZE);
	here = map(lease, 0, SIZE, RW);
	reads(here, VALUE, "the same bytes can be leased again");
	peer_sigbus(&peer, there, "while the old mapping stays SIGBUS");
	unmap(here, SIZE);
	close(lease);
	peer_stop(&peer);
	vfio_close(&vfio);
}

static void two_device_fds(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int second = vfio_device_fd(&vfio);
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);

	write_value(&vfio);
	is_ok(second, "the device is opened twice");
	vfio_close_device(&vfio);
	reads(at, VALUE, "a lease outlives the close of one fd");
	is_error(lease_revoke(second, -1), EBADF, "the other fd works");
	is_ok(lease_revoke(second, lease),
	      "it revokes what was exported by the first");
	sigbus(at, "then the lease is SIGBUS");
	unmap(at, SIZE);
	close(lease);
	close(second);
	vfio_close(&vfio);
}

static void bar_map_keeps_open(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	mapping_t bar = map_bar(&vfio, BAR2, 0, SIZE);
	struct vfio again;

	write_value(&vfio);
	reads(bar, VALUE, "a BAR map works");
	vfio_close(&vfio);
	reads(bar, VALUE, "after device, group and container are closed, too");
	reads(bar + PAGE, VALUE, "so does a page that was not in use");
	reads(at, VALUE, "a lease of the device works, too");
	reads(at + PAGE, VALUE, "and a page of it that was not in use");
	is_ok(try_map(lease, 0, SIZE, RW, MAP_SHARED), "it can be mapped");
	is_error(vfio_try_open(&again, dev_small()), EBUSY,
		 "the group is in use: EBUSY");

	unmap(bar, PAGE);
	reads(bar + PAGE, VALUE, "with one page of the BAR map gone, it works");
	reads(at, VALUE, "and the lease");
	unmap(bar + 2 * PAGE, PAGE);
	reads(bar + PAGE, VALUE, "with a hole in it, it works");
	reads(bar + 3 * PAGE, VALUE, "on both sides");
	unmap(bar + PAGE, PAGE);
	reads(at, VALUE, "one page of it keeps the lease alive");
	unmap(bar + 3 * PAGE, PAGE);
	sigbus(at, "with the last page of it gone, the lease is SIGBUS");
	is_error(try_map(lease, 0, SIZE, RW, MAP_SHARED), ENODEV,
		 "and cannot be mapped: ENODEV");

	is_ok(vfio_try_open(&again, dev_small()),
	      "the device can be opened again, from the group on");
	vfio_close(&again);
	unmap(at, SIZE);
	close(lease);
}

/* A fork has the BAR map, and thus the device */
static void bar_map_in_a_fork(void)
{
	struct vfio vfio = vfio_open(dev_small()), again;
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	mapping_t bar = map_bar(&vfio, BAR2, 0, SIZE);
	struct peer child = peer_start();

	write_value(&vfio);
	unmap(bar, SIZE);
	vfio_close(&vfio);
	reads(at, VALUE, "a BAR map of a fork keeps a lease alive");
	peer_reads(&child, bar, VALUE, "the fork can use the BAR");
	is_error(vfio_try_open(&again, dev_small()), EBUSY,
		 "the group is in use: EBUSY");
	peer_kill(&child);
	sigbus(at, "with the fork killed, the lease is SIGBUS");
	unmap(at, SIZE);
	close(lease);
}

/* What is revoked stays so, however long the device stays open */
static void revoked_while_bar_map_lives(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	mapping_t bar = map_bar(&vfio, BAR2, 0, SIZE);

	write_value(&vfio);
	is_ok(lease_revoke(vfio.device, lease), "a lease is revoked");
	vfio_close(&vfio);
	sigbus(at, "it is SIGBUS while a BAR map keeps the device open");
	reads(bar, VALUE, "the BAR map works");
	unmap(bar, SIZE);
	unmap(at, SIZE);
	close(lease);
}

static long be_primary(int fd, const long *args)
{
	struct vfio vfio = vfio_open(dev_small());

	(void)fd;
	write_value(&vfio);
	if (args[0])
		map_bar(&vfio, BAR2, 0, SIZE);
	return lease_of(vfio.device, BAR2, 0, SIZE);
}

static void primary_dies(bool with_bar_map)
{
	struct peer primary = peer_start(), other = peer_start();
	int lease = peer_get_fd(&primary, be_primary, -1, ARGS(with_bar_map));
	mapping_t here, there;
	struct vfio again;

	is_ok(lease, "another process opens the device%s and exports",
	      with_bar_map ? ", maps a BAR" : "");
	here = map(lease, 0, SIZE, RW);
	there = peer_map(&other, lease, 0, SIZE, RW);
	reads(here, VALUE, "this process uses the lease");
	peer_reads(&other, there, VALUE, "so does a third one");

	peer_kill(&primary);
	sigbus(here, "the first is killed with SIGKILL: SIGBUS here");
	peer_sigbus(&other, there, "SIGBUS in the third");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "the lease cannot be mapped: ENODEV");
	is_ok(vfio_try_open(&again, dev_small()),
	      "this process can open the device");
	sigbus(here, "which leaves the old lease dead");
	vfio_close(&again);
	peer_stop(&other);
	unmap(here, SIZE);
	close(lease);
}

int main(void)
{
	int fds = fds_open(), users = module_users(OUR_MODULE);

	export_ends_with_device();
	two_device_fds();
	bar_map_keeps_open();
	bar_map_in_a_fork();
	revoked_while_bar_map_lives();
	primary_dies(false);
	primary_dies(true);

	is_int(fds_open(), fds, "no fd is left over");
	is_int(module_users(OUR_MODULE), users,
	       "no reference to the driver is left over");
	return tap_done();
}
