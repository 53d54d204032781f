// SPDX-License-Identifier: MIT
/*
 * What an administrator of barleased orders: leases taken back by user, slice,
 * device, or all of them; a reset that takes long, and keeps nobody else
 * waiting; numbers that do not come twice
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "hold.h"
#include "../module/ptwalk.h"
#include "tap.h"

static char answer[1 << 14];
static int admin;

static void configure(void)
{
	broker_configure("[device %s]\n[device %s]\n"
			 "[slice door]\ndevice=%s\nbar=2\nranges=0+4K\nusers=*\n"
			 "count=8\nstride=4K\nexclusive=yes\nper-user=2\n"
			 "[slice page]\ndevice=%s\nbar=2\nranges=1M+4K\nusers=*\n"
			 "[slice other]\ndevice=%s\nbar=2\nranges=0+4K\nusers=*\n",
			 dev_small().name, dev_big().name, dev_small().name,
			 dev_small().name, dev_big().name);
}

static long acquire(const struct peer *peer, const char *name)
{
	return client_call(peer, client_acquire, (long)name, 0);
}

static long acquire_any(const struct peer *peer, const char *name)
{
	return client_call(peer, client_acquire, (long)name, BARLEASE_ANY);
}

static void ordered(const char *request, int want)
{
	char line[32];

	snprintf(line, sizeof(line), "ok leases=%d\n", want);
	admin_ask(admin, request, answer, sizeof(answer));
	if (!ok(!strcmp(answer, line), "%s: %d leases", request, want))
		diag("  got \"%s\"", answer);
}

static void each_way(void)
{
	struct peer one = client_connected(1001), two = client_connected(1002);
	char request[64];

	acquire(&one, "page");
	acquire(&one, "other");
	acquire(&two, "other");
	ordered("revoke uid=1001", 2);
	is_int(client_call(&one, client_event, 0),
	       CLIENT_REVOKED(BARLEASE_ORDERED), "their holder is told");
	ordered("revoke uid=1001", 0);
	admin_leases(admin, 1, "the other user's is left");

	acquire_any(&one, "door");
	acquire(&one, "door-7");
	acquire_any(&two, "door");
	ordered("revoke slice=door-7", 1);
	ordered("revoke slice=door", 2);
	acquire(&one, "page");
	snprintf(request, sizeof(request), "revoke device=%s", dev_big().name);
	ordered(request, 1);
	acquire(&two, "other");
	ordered("revoke all=yes", 2);
	admin_leases(admin, 0, "there are none left");
	ok(!admin_ask(admin, "revoke all=no", answer, sizeof(answer)) &&
	   !strncmp(answer, "error invalid ", 14) &&
	   !admin_ask(admin, "revoke uid=1001 slice=page", answer,
		      sizeof(answer)) &&
	   !strncmp(answer, "error invalid ", 14),
	   "anything else is an error, of the kind invalid");
	peer_stop(&one);
	peer_stop(&two);
}

/* One user does not get all of a template. */
static void fair_shares(void)
{
	struct peer one = client_connected(1001), again = client_connected(1001);
	struct peer two = client_connected(1002);

	is_ok(acquire_any(&one, "door"), "a user gets a slice of eight");
	is_ok(acquire_any(&again, "door"), "and, in another process, one more");
	is_error(acquire_any(&one, "door"), EDQUOT,
		 "but no third one: per-user = 2");
	is_error(acquire(&again, "door-5"), EDQUOT, "nor by its name");
	is_ok(acquire_any(&two, "door"), "another user gets one");
	peer_stop(&one);
	peer_stop(&again);
	peer_stop(&two);
	admin_leases(admin, 0, "they give them back");
}

/* Somebody has the lock that it wants, for as long as the test likes. */
static void slow_reset(void)
{
	struct peer one = client_connected(1001), two = client_connected(1002), holder;
	int second = admin_connect();
	char request[64];
	long id;

	id = acquire(&one, "page");
	holder = hold_begin(dev_small(), BARLEASE_HOLD_FOR_READING);
	snprintf(request, sizeof(request), "reset device=%s", dev_small().name);
	dprintf(second, "%s\n", request);
	is_int(client_call(&one, client_event, 0), BARLEASE_EVENT_SUSPENDED,
	       "a reset begins that does not end yet");
	is_ok(acquire(&two, "other"),
	      "a client gets a lease of another device meanwhile");
	is_int(client_call(&two, client_write, 0, 7), 0, "which works");
	ok(!admin_ask(admin, request, answer, sizeof(answer)) &&
	   !strncmp(answer, "error busy ", 11),
	   "one reset at a time: busy");
	snprintf(request, sizeof(request), "revoke id=%ld", id);
	ok(admin_ask(admin, request, answer, sizeof(answer)),
	   "a lease of this device is taken back");
	is_int(client_call(&one, client_event, 0),
	       CLIENT_REVOKED(BARLEASE_ORDERED), "and its holder is told");
	hold_end(&holder);
	ok(admin_line(second, answer, sizeof(answer)) && !strcmp(answer, "ok"),
	   "when it can, the reset is done, and answered");
	is_ok(acquire(&one, "page"), "there are leases of the device again");
	close(second);
	peer_stop(&one);
	peer_stop(&two);
}

static pid_t numbers(pid_t broker)
{
	long last = 0, id;
	int higher = 0;

	for (int i = 0; i < 5; i++) {
		struct peer peer = client_connected(1001);

		id = acquire(&peer, "page");
		higher += id > last;
		last = id;
		kill(broker, SIGKILL);
		broker_end(broker);
		peer_stop(&peer);
		broker = broker_start();
	}
	is_int(higher, 5, "five brokers that are killed have no number twice");
	return broker;
}

int main(void)
{
	pid_t broker;

	broker_set_up();
	configure();
	broker = broker_start();
	admin = admin_connect();
	each_way();
	fair_shares();
	slow_reset();
	close(admin);
	broker = numbers(broker);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	return tap_done();
}
