// SPDX-License-Identifier: MIT
/*
 * Leases that an administrator pauses: their holders wait, hear of it, and harm nobody;
 * and leases that end in ones
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "stack.h"
#include "tap.h"

static char answer[1 << 14];

static void configure(void)
{
	broker_configure("[device %s]\n"
			 "[slice page]\nbar=2\nranges=0+4K\nusers=*\n"
			 "[slice other]\nbar=2\nranges=1M+4K\nusers=*\n"
			 "[slice brief]\nbar=2\nranges=2M+4K\nusers=*\n"
			 "exclusive=yes\nmax-time=5s\n",
			 dev_small().name);
}

static long acquire(const struct peer *peer, const char *name,
		    unsigned int flags)
{
	return client_call(peer, client_acquire, (long)name, flags);
}

static bool asked(int admin, const char *request)
{
	return admin_ask(admin, request, answer, sizeof(answer));
}

static void is_refused(int admin, const char *request, const char *kind)
{
	ok(!asked(admin, request) && !strncmp(answer, "error ", 6) &&
	   !strncmp(answer + 6, kind, strlen(kind)),
	   "%s: an error, of the kind %s", request, kind);
}

/* A read of it that waits, until the second half of peer_call() */
static void read_waits(const struct peer *peer)
{
	peer_begin(peer, client_read, -1, ARGS(0));
	ok(sleeps_in(peer->pid, "wait_at_gate"), "its access waits");
}

static void one_of_several(int admin)
{
	struct peer peer = client_connected(1001), same = client_connected(1002);
	struct peer other = client_connected(1001);
	char request[64];
	long id = acquire(&peer, "page", 0);
	int watch = admin_connect();

	acquire(&same, "page", 0);
	acquire(&other, "other", 0);
	dprintf(watch, "watch\n");
	admin_line(watch, answer, sizeof(answer));
	client_call(&peer, client_write, 0, 77);
	snprintf(request, sizeof(request), "pause id=%ld", id);
	ok(asked(admin, request), "one lease is paused");
	ok(admin_line(watch, answer, sizeof(answer)) &&
	   !strncmp(answer, "paused id=", 10), "which those hear who watch");
	ok(strstr(answer, " state=paused"), "it is its state");
	client_hears(&peer, BARLEASE_EVENT_PAUSED, "its holder is told");
	read_waits(&peer);
	ok(client_works(&same), "who has a lease of the same slice goes on");
	client_call(&same, client_write, 0, 77);
	ok(client_works(&other), "and who has another one");
	snprintf(request, sizeof(request), "resume id=%ld", id);
	ok(asked(admin, request), "it is resumed");
	is_int(peer_result(&peer), 77, "the access is done");
	client_hears(&peer, BARLEASE_EVENT_UNPAUSED, "its holder is told of that, too");
	ok(admin_line(watch, answer, sizeof(answer)) &&
	   !strncmp(answer, "unpaused id=", 12), "and those who watch");
	ok(client_works(&peer), "it works as before");
	peer_stop(&peer);
	peer_stop(&same);
	peer_stop(&other);
	close(watch);
}

static void all_of_a_user(int admin)
{
	struct peer peer = client_connected(1001), other = client_connected(1002);

	acquire(&peer, "page", 0);
	acquire(&other, "page", 0);
	ok(asked(admin, "pause uid=1001 for=3s"),
	   "a user's leases are paused for a time");
	ok(strstr(answer, "ok leases=1"), "it is one");
	read_waits(&peer);
	ok(client_works(&other), "others go on");
	ok(peer_is_done(&peer, PATIENCE_MS), "when the time is over, its access is done");
	peer_result(&peer);
	client_hears(&peer, BARLEASE_EVENT_PAUSED, "it was told of the pause");
	client_hears(&peer, BARLEASE_EVENT_UNPAUSED, "and of its end");
	peer_stop(&peer);
	peer_stop(&other);
}

static void ends_while_paused(int admin)
{
	struct peer peer = client_connected(1001);

	acquire(&peer, "page", 0);
	ok(asked(admin, "pause slice=page"), "a slice's leases are paused");
	read_waits(&peer);
	ok(asked(admin, "revoke slice=page"), "and revoked");
	is_error(peer_result(&peer), EFAULT, "the access is SIGBUS");
	peer_stop(&peer);

	peer = client_connected(1001);
	acquire(&peer, "brief", 0);
	ok(asked(admin, "pause all=yes"), "one that has a term is paused");
	read_waits(&peer);
	is_error(peer_result(&peer), EFAULT, "its term is over: SIGBUS");
	peer_stop(&peer);

	peer = client_connected(1001);
	acquire(&peer, "page", 0);
	ok(asked(admin, "pause all=yes"), "another one is paused");
	read_waits(&peer);
	peer_kill(&peer);
	ok(admin_leases(admin, 0, "who is killed while it waits has no lease any more"),
	   "and is gone");
}

/* A client that waits, and what it has, keeps nothing up */
static void others_meanwhile(int admin, pid_t broker)
{
	struct peer peer = client_connected(1001), other;
	char request[64];

	acquire(&peer, "page", 0);
	ok(asked(admin, "pause uid=1001"), "a lease is paused");
	read_waits(&peer);
	other = client_connected(1001);
	ok(acquire(&other, "page", 0) > 0, "its user gets another lease of it");
	ok(client_works(&other), "which is not paused");
	snprintf(request, sizeof(request), "reset device=%s", dev_small().name);
	ok(asked(admin, request), "the device is reset");
	ok(!peer_is_done(&peer, 300), "the access waits still");
	broker_reload(broker);
	ok(!peer_is_done(&peer, 300), "also when the configuration is read again");
	ok(asked(admin, "resume uid=1001"), "it is resumed");
	ok(strstr(answer, "ok leases=2"), "with the one that was not paused");
	ok(peer_result(&peer) >= 0, "the access is done");
	peer_stop(&peer);
	peer_stop(&other);
}

static void wrong(int admin)
{
	is_refused(admin, "pause", "invalid");
	is_refused(admin, "pause lease=1", "invalid");
	is_refused(admin, "pause all=yes for=0", "invalid");
	is_refused(admin, "pause all=yes for=soon", "invalid");
	is_refused(admin, "pause all=yes grace=1s", "invalid");
	is_refused(admin, "resume", "invalid");
	is_refused(admin, "resume all=yes for=1s", "invalid");
	is_refused(admin, "pause id=4000000000", "absent");
	is_refused(admin, "resume id=4000000000", "absent");
}

static void ends_in_ones(pid_t broker, int admin)
{
	struct peer peer = client_connected(1001), other = client_connected(1002);

	ok(acquire(&peer, "page", BARLEASE_ONES) > 0,
	   "a lease that ends in ones is there for who asks");
	acquire(&other, "page", 0);
	ok(client_works(&peer), "it works");
	ok(asked(admin, "revoke slice=page"), "the slice is revoked");
	is_int(client_call(&peer, client_read, 0), UINT32_MAX, "it reads ones");
	is_error(client_call(&other, client_read, 0), EFAULT,
		 "another one's is SIGBUS");
	is_int(client_call(&peer, client_write, 0, 5), 0, "a write succeeds");
	is_int(client_call(&peer, client_read, 0), 5, "and reads back");
	client_hears(&peer, CLIENT_REVOKED(BARLEASE_ORDERED), "its holder is told as ever");
	client_call(&peer, client_connect, 0);
	ok(acquire(&peer, "page", BARLEASE_ONES) > 0, "it gets another one");
	is_int(broker_end((kill(broker, SIGKILL), broker)), -SIGKILL,
	       "the broker is killed");
	ok(comes_true(client_call(&peer, client_read, 0) == UINT32_MAX),
	   "it reads ones");
	peer_stop(&peer);
	peer_stop(&other);
}

int main(void)
{
	pid_t broker;
	int admin;

	broker_set_up();
	configure();
	broker = broker_start();
	admin = admin_connect();
	one_of_several(admin);
	all_of_a_user(admin);
	ends_while_paused(admin);
	others_meanwhile(admin, broker);
	wrong(admin);
	ends_in_ones(broker, admin);
	return tap_done();
}
