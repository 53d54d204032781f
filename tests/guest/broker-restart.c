// SPDX-License-Identifier: MIT
/*
 * barleased becomes another program, or itself anew: nobody who has a lease, or waits
 * for one, notices
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

/* That its lease is about to be revoked */
#define ORDERED	CLIENT_REVOKING(BARLEASE_ORDERED)

static char answer[1 << 14];

static const char slices[] =
	"[device %s]\n"
	"[slice page]\nbar=2\nranges=0+4K\nusers=*\n"
	"[slice parts]\nbar=2\nranges=64K+4K,16K+8K\nusers=*\nmemattr=wc\n"
	"[slice goes]\nbar=2\nranges=512K+4K\nusers=*\n"
	"[slice one]\nbar=2\nranges=1M+4K\nusers=*\nexclusive=yes\n"
	"[slice brief]\nbar=2\nranges=2M+4K\nusers=*\nmax-time=5s\n";

static long acquire(const struct peer *peer, const char *name)
{
	return client_call(peer, client_acquire, (long)name, 0);
}

static bool asked(int admin, const char *request)
{
	return admin_ask(admin, request, answer, sizeof(answer));
}

/* The process stays, and says that it is ready again */
static void restarts(pid_t broker, const char *name)
{
	kill(broker, SIGUSR2);
	if (!ok(broker_is_ready(), "%s", name))
		broker_show_log();
}

/* Whoever orders that waits for it to be over; this one does not */
static void stops_working(const struct peer *peer, long id, const char *name)
{
	int admin = admin_connect();
	long times;

	dprintf(admin, "revoke id=%ld grace=10s\n", id);
	times = peer_result(peer);
	ok(times > 0, "%s: %ld accesses, and none failed", name, times);
	close(admin);
}

static void at_work(pid_t broker)
{
	struct peer first = client_connected(1001);
	struct peer second = client_connected(1002);
	long one = acquire(&first, "page"), other = acquire(&second, "parts");
	int admin;

	peer_begin(&first, client_work, -1, ARGS(0, ORDERED));
	peer_begin(&second, client_work, -1, ARGS(0, ORDERED));
	for (int i = 0; i < 5; i++)
		restarts(broker, "it restarts, with clients at work");
	admin = admin_connect();
	is_int(admin_count(admin, "leases", "lease"), 2, "there are two leases");
	stops_working(&first, one, "one client");
	stops_working(&second, other, "another one");
	is_ok(client_call(&first, client_release, one), "it gives its lease back");
	is_error(client_call(&first, client_read, 0), EFAULT,
		 "and has nothing then");
	ok(asked(admin, "revoke uid=1002"), "the other one's is revoked");
	is_error(client_call(&second, client_read, 0), EFAULT, "and is gone");
	admin_leases(admin, 0, "no lease is left");
	peer_stop(&first);
	peer_stop(&second);
	close(admin);
}

static void those_who_wait(pid_t broker)
{
	struct peer first = client_connected(1001);
	struct peer second = client_connected(1002);
	struct peer third = client_connected(1001);
	long id = acquire(&first, "one"), request, late;
	int admin;

	request = client_call(&second, client_start_wait, (long)"one", 60000);
	late = client_call(&third, client_start_wait, (long)"one", 60000);
	ok(id > 0 && request > 0 && late > 0, "one has a slice, two wait for it");
	restarts(broker, "it restarts");
	admin = admin_connect();
	is_ok(client_call(&first, client_release, id), "it is given back");
	client_hears(&second, BARLEASE_EVENT_ANSWERED,
		     "who has waited longest is told");
	id = client_call(&second, client_finish, request);
	ok(id > 0, "and gets it");
	ok(client_works(&second), "and it works");
	restarts(broker, "it restarts again");
	is_ok(client_call(&second, client_release, id), "given back again");
	client_hears(&third, BARLEASE_EVENT_ANSWERED, "the next one is told");
	ok(client_call(&third, client_finish, late) > 0, "and gets it");
	peer_stop(&first);
	peer_stop(&second);
	peer_stop(&third);
	close(admin);
}

static void pauses_and_terms(pid_t broker)
{
	struct peer paused = client_connected(1001);
	struct peer brief = client_connected(1002);
	int admin = admin_connect();

	acquire(&paused, "page");
	acquire(&brief, "brief");
	client_call(&paused, client_write, 0, 99);
	ok(asked(admin, "pause uid=1001"), "a lease is paused");
	client_hears(&paused, BARLEASE_EVENT_PAUSED, "its holder hears of it");
	peer_begin(&paused, client_read, -1, ARGS(0));
	ok(sleeps_in(paused.pid, "wait_at_gate"), "and waits");
	close(admin);
	restarts(broker, "it restarts");
	admin = admin_connect();
	ok(sleeps_in(paused.pid, "wait_at_gate"), "the access waits still");
	asked(admin, "leases");
	ok(strstr(answer, "state=paused"), "it is known that it does");
	ok(asked(admin, "resume uid=1001"), "it is resumed");
	is_int(peer_result(&paused), 99, "and goes on");
	client_hears(&paused, BARLEASE_EVENT_UNPAUSED, "which its holder hears");
	client_hears(&brief, CLIENT_REVOKED(BARLEASE_EXPIRED),
		     "a term from before is over in time");
	peer_stop(&paused);
	peer_stop(&brief);
	close(admin);
}

/* What is not to be any more is revoked, the rest goes on */
static void another_configuration(pid_t broker)
{
	struct peer stays = client_connected(1001);
	struct peer goes = client_connected(1002);
	int admin;

	acquire(&stays, "page");
	acquire(&goes, "goes");
	broker_configure("[device %s]\n"
			 "[slice page]\nbar=2\nranges=0+4K\nusers=*\n"
			 "[slice goes]\nbar=2\nranges=768K+4K\nusers=*\n",
			 dev_small().name);
	restarts(broker, "it restarts with another configuration");
	client_hears(&goes, CLIENT_REVOKED(BARLEASE_FORBIDDEN),
		     "a slice has moved: its lease is revoked");
	is_error(client_call(&goes, client_read, 0), EFAULT, "it is SIGBUS");
	ok(client_works(&stays), "a lease of one that is the same works");
	admin = admin_connect();
	admin_leases(admin, 1, "there is one lease");
	peer_stop(&stays);
	peer_stop(&goes);
	admin_leases(admin, 0, "and none when its holder is gone");
	close(admin);
}

static void is_refused(pid_t broker)
{
	struct peer peer = client_connected(1001);
	int admin = admin_connect();

	acquire(&peer, "page");
	broker_configure("[device %s]\n[slice]\n", dev_small().name);
	ok(!asked(admin, "restart"), "a configuration that is not good: no restart");
	ok(strstr(answer, "does not like the configuration"), "and it is said why");
	ok(client_works(&peer), "nothing has changed");
	broker_configure(slices, dev_small().name);
	dprintf(admin, "restart\n");
	ok(broker_is_ready(), "with a good one it does");
	ok(client_works(&peer), "the lease works");
	peer_stop(&peer);
	close(admin);
	admin = admin_connect();
	admin_leases(admin, 0, "and goes with its holder");
	close(admin);
	is_int(kill(broker, 0), 0, "it is still the same process");
}

int main(void)
{
	pid_t broker;
	int fds;

	broker_set_up();
	broker_configure(slices, dev_small().name);
	broker = broker_start();
	fds = broker_fds(broker);
	at_work(broker);
	those_who_wait(broker);
	pauses_and_terms(broker);
	another_configuration(broker);
	is_refused(broker);
	broker_has_fds(broker, fds, "it has as many files open as at first");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	is_error(access(BROKER_SOCKET, F_OK) ? -errno : 0, ENOENT,
		 "and removes its socket");
	return tap_done();
}
