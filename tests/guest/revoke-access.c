// SPDX-License-Identifier: MIT
/*
 * After a revoke nothing of the lease is left, and everything else is
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "access.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "peer.h"
#include "tap.h"

#define SIZE	(16 * PAGE)
#define SEED	1

static struct vfio small;

static uint32_t at_offset(uint64_t offset)
{
	return pattern(offset, SEED);
}

static void one_form(enum revoke_by by, const char *form)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t touched = map(lease, 0, SIZE, RW);
	mapping_t untouched = map(lease, PAGE, PAGE, RW);

	diag("revoke by %s", form);
	reads(touched, at_offset(0), "a lease shows the BAR's first word");
	reads(touched + SIZE - 4, pattern(SIZE - 4, SEED),
	      "and its last word");
	is_ok(lease_revoke_by(by, small.device, lease),
	      "the lease is revoked by %s", form);
	sigbus(touched, "a page that was in use is SIGBUS");
	sigbus(touched + SIZE - 4, "so is the last one");
	sigbus(touched + 5 * PAGE, "so is a page that never was in use");
	sigbus(untouched, "so is a mapping that never was in use");
	ok(!write32(touched, 0xbad), "a write is SIGBUS");
	ok(!write32(untouched, 0xbad), "so it is in the other mapping");
	is_int(vfio_get32(&small, BAR2, 0), at_offset(0),
	       "neither write reached the device");
	unmap(touched, SIZE);
	unmap(untouched, PAGE);
	close(lease);
}

/* The kernel reads and writes user memory, too */
static void system_calls(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
	int pipes[2];

	if (zero < 0 || pipe2(pipes, O_CLOEXEC))
		bail("cannot open /dev/zero or a pipe");
	is_int(write(pipes[1], (void *)(at + 8), 4), 4,
	       "write() takes its data from a lease");
	is_int(read(zero, (void *)(at + 8), 4), 4,
	       "read() puts its data into a lease");
	is_int(vfio_get32(&small, BAR2, 8), 0, "the device has it");
	vfio_put32(&small, BAR2, 8, at_offset(8));

	is_ok(lease_revoke(small.device, lease), "the lease is revoked");
	is_error(write(pipes[1], (void *)(at + 8), 4) < 0 ? -errno : 0, EFAULT,
		 "write() from it is EFAULT");
	is_error(read(zero, (void *)(at + 8), 4) < 0 ? -errno : 0, EFAULT,
		 "read() into it is EFAULT");
	is_int(vfio_get32(&small, BAR2, 8), at_offset(8),
	       "the device has what it had");
	close(pipes[0]);
	close(pipes[1]);
	close(zero);
	unmap(at, PAGE);
	close(lease);
}

static void export_again(void)
{
	int before = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t old = map(before, 0, SIZE, RW), new;
	int after;

	reads(old, at_offset(0), "a lease works");
	is_ok(lease_revoke(small.device, before), "and is revoked");
	after = lease_of(small.device, BAR2, 0, SIZE);
	new = map(after, 0, SIZE, RW);
	reads(new, at_offset(0), "the same bytes can be leased again");
	sigbus(old, "that does not bring the old lease back");
	is_error(try_map(before, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "which cannot be mapped either");
	close(before);
	reads(new, at_offset(0), "closing the old fd leaves the new lease");
	sigbus(old, "and the old mapping is still SIGBUS");
	unmap(old, SIZE);
	reads(new + PAGE, at_offset(PAGE),
	      "unmapping the old one leaves the new lease, too");
	unmap(new, SIZE);
	close(after);
}

static void overlapping(void)
{
	int one = lease_of(small.device, BAR2, 0, SIZE);
	int two = lease_of(small.device, BAR2, SIZE / 2, SIZE);
	int three = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t in_one = map(one, 0, SIZE, RW);
	mapping_t in_two = map(two, 0, SIZE, RW);
	mapping_t in_three = map(three, 0, SIZE, RW);

	ok(write32(in_one + SIZE / 2, 0x77), "one lease writes a word");
	reads(in_two, 0x77, "a lease that overlaps it reads the word");
	reads(in_three + SIZE / 2, 0x77, "so does one of the same bytes");
	is_ok(lease_revoke(small.device, one), "the first is revoked");
	sigbus(in_one + SIZE / 2, "the first is SIGBUS");
	reads(in_two, 0x77, "the second reads the word");
	reads(in_three + SIZE / 2, 0x77, "the third reads the word");
	is_ok(lease_revoke(small.device, three), "the third is revoked");
	sigbus(in_three + SIZE / 2, "the third is SIGBUS");
	reads(in_two, 0x77, "the second reads the word");
	ok(write32(in_two, at_offset(SIZE / 2)), "and writes it");
	close(one);
	close(three);
	reads(in_two, at_offset(SIZE / 2), "it outlives the fds of the others");
	unmap(in_one, SIZE);
	unmap(in_two, SIZE);
	unmap(in_three, SIZE);
	close(two);
}

static void duplicate(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE);
	int copy = dup(lease);
	mapping_t by_lease = map(lease, 0, PAGE, RW);
	mapping_t by_copy = map(copy, 0, PAGE, RW);

	is_ok(lease_revoke(small.device, copy), "revoked by a dup()ed fd");
	sigbus(by_lease, "what was mapped by the first fd is SIGBUS");
	sigbus(by_copy, "what was mapped by the copy is SIGBUS");
	is_error(lease_revoke(small.device, lease), EBADFD,
		 "the first fd is of a revoked lease: EBADFD");
	close(copy);
	close(lease);
	unmap(by_lease, PAGE);
	unmap(by_copy, PAGE);
}

static void fd_closed_first(void)
{
	int lease = lease_of(small.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	close(lease);
	reads(at, at_offset(0), "access goes on after the fd is closed");
	ok(write32(at, at_offset(0)), "so do writes");
	unmap(at, PAGE);
}

static long keep(int fd, const long *args)
{
	(void)args;
	return fd;
}

static long give_back(int fd, const long *args)
{
	(void)fd;
	return args[0];
}

static void other_processes(void)
{
	struct peer peers[2] = { peer_start(), peer_start() };
	int lease = lease_of(small.device, BAR2, PAGE, PAGE);
	mapping_t here = map(lease, 0, PAGE, RW), there[2];
	long kept = peer_call(&peers[0], keep, lease, NULL);
	int received;

	for (int i = 0; i < 2; i++) {
		there[i] = peer_map(&peers[i], lease, 0, PAGE, PROT_READ);
		peer_reads(&peers[i], there[i], at_offset(PAGE),
			   "process %d reads through the fd that it received",
			   i + 1);
	}
	reads(here, at_offset(PAGE), "so does this one");

	received = peer_get_fd(&peers[0], give_back, -1, ARGS(kept));
	is_ok(received, "the fd comes back over a socket");
	close(lease);
	is_ok(lease_revoke(small.device, received), "the lease is revoked by it");
	sigbus(here, "this process's mapping is SIGBUS");
	peer_sigbus(&peers[0], there[0], "process 1's mapping is SIGBUS");
	peer_sigbus(&peers[1], there[1], "process 2's mapping is SIGBUS");
	is_error(peer_try_map(&peers[1], received, 0, PAGE, PROT_READ), ENODEV,
		 "process 2 cannot map it again: ENODEV");

	peer_stop(&peers[0]);
	peer_stop(&peers[1]);
	unmap(here, PAGE);
	close(received);
}

/* A mapping that a process got by fork(), not by mmap() */
static void forked(void)
{
	int lease = lease_of(small.device, BAR2, PAGE, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);
	struct peer child;

	reads(at, at_offset(PAGE), "a lease works");
	child = peer_start();
	peer_reads(&child, at, at_offset(PAGE), "so it does in a fork");
	is_ok(lease_revoke(small.device, lease), "the lease is revoked");
	peer_sigbus(&child, at, "the fork's mapping is SIGBUS");
	sigbus(at, "the parent's mapping is SIGBUS");
	unmap(at, PAGE);
	peer_sigbus(&child, at, "the fork's is SIGBUS after the parent's is gone");
	peer_stop(&child);
	close(lease);
}

int main(void)
{
	int fds, users;

	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, 2 * SIZE, 4, SEED);
	fds = fds_open();
	users = module_users(OUR_MODULE);

	one_form(BY_FEATURE, "feature");
	one_form(BY_IOCTL, "ioctl");
	system_calls();
	export_again();
	overlapping();
	duplicate();
	fd_closed_first();
	other_processes();
	forked();

	is_int(fds_open(), fds, "no fd is left over");
	is_int(module_users(OUR_MODULE), users,
	       "no reference to the driver is left over");
	vfio_close(&small);
	return tap_done();
}
