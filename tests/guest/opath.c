// SPDX-License-Identifier: MIT
/*
 * An O_PATH fd keeps a DMABUF's name alive after its file is gone. Closing the
 * lease, the device and that fd, and unbinding the driver, works in any order
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "tap.h"

#define SIZE	(4 * PAGE)
#define VALUE	0x0c10

enum step {
	CLOSE_LEASE,
	CLOSE_DEVICE,
	CLOSE_PATH,
	UNBIND,
	STEPS,
};

static const char *const names[] = {
	[CLOSE_LEASE] = "lease",
	[CLOSE_DEVICE] = "device",
	[CLOSE_PATH] = "O_PATH fd",
	[UNBIND] = "unbind",
};

struct state {
	struct vfio vfio;
	int lease;
	int path;
	bool failed;
};

static int open_path(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		bail("O_PATH of %s: %s", path, strerror(errno));
	return fd;
}

static int path_of_fd(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open_path(path);
}

static void take(struct state *state, enum step step)
{
	switch (step) {
	case CLOSE_LEASE:
		state->failed |= close(state->lease) != 0;
		break;
	case CLOSE_DEVICE:
		vfio_close(&state->vfio);
		break;
	case CLOSE_PATH:
		state->failed |= close(state->path) != 0;
		break;
	default:
		state->failed |= pci_unbind(dev_small()) != 0;
		state->failed |= pci_bind(dev_small(), OUR_DRIVER) != 0;
		break;
	}
}

/* The device must be closed for an unbind to come back */
static bool possible(const enum step *order)
{
	int i = 0;

	while (order[i] != CLOSE_DEVICE) {
		if (order[i] == UNBIND)
			return false;
		i++;
	}
	return true;
}

static void in_order(const enum step *order)
{
	struct state state = { .vfio = vfio_open(dev_small()) };
	struct vfio again;

	state.lease = lease_of(state.vfio.device, BAR2, 0, SIZE);
	state.path = path_of_fd(state.lease);
	for (int i = 0; i < STEPS; i++)
		take(&state, order[i]);

	ok(!state.failed, "in the order %s, %s, %s, %s, all succeeds",
	   names[order[0]], names[order[1]], names[order[2]], names[order[3]]);
	is_ok(vfio_try_open(&again, dev_small()),
	      "after it the device can be opened");
	vfio_close(&again);
}

static bool differ(const enum step *order)
{
	unsigned int seen = 0;

	for (int i = 0; i < STEPS; i++)
		seen |= 1u << order[i];
	return seen == (1u << STEPS) - 1;
}

static void all_orders(void)
{
	for (int n = 0; n < STEPS * STEPS * STEPS * STEPS; n++) {
		enum step order[STEPS] = { n / 64 % 4, n / 16 % 4, n / 4 % 4,
					   n % 4 };

		if (differ(order) && possible(order))
			in_order(order);
	}
}

static void mapped(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int lease = lease_of(vfio.device, BAR2, 0, SIZE);
	int path = path_of_fd(lease);
	mapping_t at = map(lease, 0, SIZE, RW);

	vfio_put32(&vfio, BAR2, 0, VALUE);
	close(lease);
	reads(at, VALUE, "a mapping outlives its fd, with an O_PATH fd left");
	unmap(at, SIZE);
	vfio_close(&vfio);
	close(path);
	vfio = vfio_open(dev_small());
	lease = lease_of(vfio.device, BAR2, 0, SIZE);
	path = path_of_fd(lease);
	at = map(lease, 0, SIZE, RW);
	close(lease);
	vfio_close(&vfio);
	sigbus(at, "with the device closed, the mapping is SIGBUS");
	close(path);
	sigbus(at, "with the O_PATH fd closed, too");
	unmap(at, SIZE);
}

static void reset_meanwhile(void)
{
	struct vfio vfio = vfio_open(dev_small());
	int lease = lease_of(vfio.device, BAR2, 0, SIZE), other;
	int path = path_of_fd(lease);

	close(lease);
	is_ok(vfio_reset(&vfio),
	      "the device is reset while only an O_PATH fd of a lease is left");
	other = lease_of(vfio.device, BAR2, 0, SIZE);
	is_ok(lease_revoke(vfio.device, other), "another lease is revoked");
	close(other);
	vfio_close(&vfio);
	close(path);
}

/* The file behind a BAR map has no fd, but procfs has a link to it */
static void bar_map(void)
{
	struct vfio vfio = vfio_open(dev_small()), again;
	mapping_t bar = map_bar(&vfio, BAR2, 0, SIZE);
	char link[96];
	int path;

	snprintf(link, sizeof(link), "/proc/self/map_files/%lx-%lx",
		 (unsigned long)bar, (unsigned long)(bar + SIZE));
	path = open_path(link);
	vfio_put32(&vfio, BAR2, 0, VALUE);
	vfio_close(&vfio);
	reads(bar, VALUE, "a BAR map with an O_PATH fd works");
	unmap(bar, SIZE);
	/* Its last reference is gone, except for the name */
	close(path);
	is_ok(vfio_try_open(&again, dev_small()),
	      "with both gone, the device can be opened");
	vfio_close(&again);
}

int main(void)
{
	int fds = fds_open(), users = module_users(OUR_MODULE);

	all_orders();
	mapped();
	reset_meanwhile();
	bar_map();

	is_int(fds_open(), fds, "no fd is left over");
	is_int(module_users(OUR_MODULE), users,
	       "no reference to the driver is left over");
	return tap_done();
}
