// SPDX-License-Identifier: MIT
/*
 * A revoke takes a lease from devices as from processes, and comes back when none
 * has it any more; one that takes its time makes nobody else wait
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "importer.h"
#include "lease.h"
#include "log.h"
#include "map.h"
#include "peer.h"
#include "tap.h"
#include "vfio.h"

#define SIZE	(4 * PAGE)
#define VALUE	0x2468
#define A_WHILE_MS 300

static struct vfio small;

/* A lease of both kinds: a process has it, and a device */
struct given {
	int lease;
	mapping_t at;
	int importer;
};

static struct given give(unsigned int how)
{
	struct given given = { .lease = lease_of(small.device, BAR2, 0, SIZE) };

	given.at = map(given.lease, 0, SIZE, RW);
	reads(given.at, VALUE, "a process has a lease");
	given.importer = importer_mapped(given.lease, dev_big(), how);
	return given;
}

static void is_gone(const struct given *given)
{
	ok(!importer_has(given->importer), "the device does not have it");
	sigbus(given->at, "nor has the process");
	is_error(importer_map(given->importer, BOTH_WAYS, NULL), ENODEV,
		 "the device cannot map it again: ENODEV");
	is_error(importer_try(given->lease, dev_big(),
			      BARLEASE_IMPORTER_AT_ONCE), ENODEV,
		 "nor can one be attached: ENODEV");
}

static void end(const struct given *given)
{
	unmap(given->at, SIZE);
	close(given->importer);
	close(given->lease);
}

static void willing(unsigned int how, const char *what)
{
	struct given given = give(how);

	diag("%s", what);
	is_ok(lease_revoke(small.device, given.lease), "it is revoked");
	is_int(importer_told(given.importer), 1, "the device was told once");
	is_gone(&given);
	is_error(lease_revoke(small.device, given.lease), EBADFD,
		 "to revoke it once more is EBADFD");
	end(&given);
}

static void hostile(void)
{
	struct given given = give(BARLEASE_IMPORTER_AGAIN);

	diag("one that maps it again when it is told");
	is_ok(lease_revoke(small.device, given.lease), "it is revoked");
	ok(comes_true(importer_again(given.importer) == ENODEV),
	   "the device could not map it again right then: ENODEV");
	is_gone(&given);
	end(&given);
}

static void with_a_fence(void)
{
	struct given given = give(BARLEASE_IMPORTER_AT_ONCE);

	diag("a client's own fence");
	importer_add_fence(given.importer);
	is_ok(lease_revoke(small.device, given.lease),
	      "a fence that never signals delays no revoke");
	is_gone(&given);
	end(&given);
}

/* @fd is the device's; the lease's number is the same in a fork */
static long revoke_there(int fd, const long *args)
{
	return lease_revoke(fd, args[0]);
}

static int lease_there;

static long take_lease(int fd, const long *args)
{
	(void)args;
	lease_there = dup(fd);
	return lease_there;
}

static long revoke_taken(int fd, const long *args)
{
	(void)args;
	return revoke_there(fd, (const long [4]) { lease_there });
}

static void peer_revokes(const struct peer *peer, const struct given *given)
{
	peer_call(peer, take_lease, given->lease, NULL);
	peer_begin(peer, revoke_taken, small.device, NULL);
	ok(comes_true(importer_told(given->importer) == 1),
	   "the owner revokes it, and the device is told");
	ok(!peer_is_done(peer, A_WHILE_MS), "for which the owner waits");
}

/* While somebody waits for another one's importer */
static void others_go_on(void)
{
	struct given other = give(BARLEASE_IMPORTER_AT_ONCE);

	reads(other.at + PAGE, 0, "another lease works meanwhile");
	is_ok(lease_revoke(small.device, other.lease),
	      "and is revoked meanwhile");
	is_gone(&other);
	end(&other);
}

static void slow(unsigned int how, const char *what)
{
	struct peer owner = peer_start();
	struct given given = give(how);
	int log = log_from_here();

	diag("%s", what);
	peer_revokes(&owner, &given);
	sigbus(given.at, "the process does not have it by now");
	others_go_on();
	ok(comes_true(log_says(dup(log), "to give back a lease, for 1 s now")),
	   "the log says for whom it is waited");
	ok(comes_true(log_says(dup(log), "to give back a lease, for 2 s now")),
	   "and once more");
	ok(importer_has(given.importer), "the device has it all the time");
	importer_unmap(given.importer);
	is_ok(peer_result(&owner), "when it gives it back, the revoke is done");
	is_gone(&given);

	close(log);
	end(&given);
	peer_stop(&owner);
}

static void killed(unsigned int how, const char *what)
{
	struct peer owner = peer_start(), again = peer_start();
	struct given given = give(how);

	diag("%s", what);
	peer_revokes(&owner, &given);
	peer_kill(&owner);
	ok(importer_has(given.importer),
	   "an owner that waits can be killed, and the device has it still");
	sigbus(given.at, "the process has not");
	peer_call(&again, take_lease, given.lease, NULL);
	peer_begin(&again, revoke_taken, small.device, NULL);
	ok(!peer_is_done(&again, A_WHILE_MS), "who revokes it again waits, too");
	importer_unmap(given.importer);
	is_error(peer_result(&again), EBADFD,
		 "and gets EBADFD when the device has given it back");
	is_gone(&given);
	end(&given);
	peer_stop(&again);
}

int main(void)
{
	if (!importers_possible()) {
		skip("this kernel lets no device attach",
		     "a revoke takes leases from devices");
		return tap_done();
	}

	small = vfio_open(dev_small());
	vfio_put32(&small, BAR2, 0, VALUE);
	vfio_put32(&small, BAR2, PAGE, 0);
	willing(BARLEASE_IMPORTER_AT_ONCE, "one that gives it back at once");
	willing(BARLEASE_IMPORTER_LATE, "one that does so a second later");
	hostile();
	with_a_fence();
	slow(BARLEASE_IMPORTER_WHEN_ASKED, "one that keeps it");
	slow(BARLEASE_IMPORTER_BLOCKS, "one that does not come back");
	killed(BARLEASE_IMPORTER_WHEN_ASKED, "one that keeps it");
	killed(BARLEASE_IMPORTER_BLOCKS, "one that does not come back");
	vfio_close(&small);
	return tap_done();
}
