// SPDX-License-Identifier: MIT
/*
 * A gentle end: holders are told before their leases are taken, and may finish;
 * leases that end by themselves, and are renewed; and clients that wait for one
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
#include "program.h"
#include "tap.h"

/* Milliseconds that nothing but a mistake makes anybody wait */
#define LONG	60000

static char answer[1 << 14];

static void configure(const char *more)
{
	broker_configure("[broker]\nmax-grace=2m\n[device %s]\n"
			 "[slice page]\nbar=2\nranges=0+4K\nusers=*\n"
			 "exclusive=yes\n"
			 "[slice polite]\nbar=2\nranges=1M+4K\nusers=*\n"
			 "grace=1m\n"
			 "[slice brief]\nbar=2\nranges=2M+4K\nusers=*\n"
			 "exclusive=yes\nmax-time=20s\ngrace=19s\n"
			 "[slice turn]\nbar=2\nranges=3M+4K\nusers=*\n"
			 "exclusive=yes\nmax-time=1h\n%s",
			 dev_small().name, more);
}

static long acquire(const struct peer *peer, const char *name)
{
	return client_call(peer, client_acquire, (long)name, 0);
}

static long wait_for(const struct peer *peer, const char *name)
{
	return client_call(peer, client_start_wait, (long)name, LONG);
}

static void is_answered(int admin, const char *want, const char *name)
{
	bool heard = admin_line(admin, answer, sizeof(answer));

	if (!ok(heard && !strcmp(answer, want), "%s", name))
		diag("  got \"%s\"", answer);
}

static void invalid(int admin, const char *request)
{
	ok(!admin_ask(admin, request, answer, sizeof(answer)) &&
	   !strncmp(answer, "error invalid ", 14),
	   "%s: an error, of the kind invalid", request);
}

static void given_back_in_time(int admin)
{
	struct peer peer = client_connected(1001);
	long id = acquire(&peer, "page");

	dprintf(admin, "revoke id=%ld grace=1m\n", id);
	client_hears(&peer, CLIENT_REVOKING(BARLEASE_ORDERED),
		     "a holder is told before its lease is taken");
	ok(client_works(&peer), "it still has it");
	is_error(client_call(&peer, client_renew, id, LONG), EBUSY,
		 "and cannot renew it: EBUSY");
	is_int(client_call(&peer, client_release, id), 0, "it gives it back");
	is_answered(admin, "ok leases=1", "and that is the end of it");
	is_error(client_call(&peer, client_event_now, 0), EAGAIN,
		 "there is no further word of it");
	peer_stop(&peer);
}

static void taken_in_the_end(int admin)
{
	struct peer peer = client_connected(1001);
	long id = acquire(&peer, "page");
	int64_t start = now_us();

	dprintf(admin, "revoke id=%ld grace=300ms\n", id);
	client_hears(&peer, CLIENT_REVOKING(BARLEASE_ORDERED), "one that is told");
	client_hears(&peer, CLIENT_REVOKED(BARLEASE_ORDERED),
		     "and does nothing loses it");
	ok(now_us() - start >= 300000, "but not before its time is over");
	is_int(client_call(&peer, client_write, 0, 1), -EFAULT,
	       "and reaches nothing any more");
	is_answered(admin, "ok leases=1", "whoever ordered it is told");
	peer_stop(&peer);
}

static void grace_of_the_slice(int admin)
{
	struct peer peer = client_connected(1001);
	int other = admin_connect();

	acquire(&peer, "polite");
	dprintf(admin, "revoke slice=polite\n");
	client_hears(&peer, CLIENT_REVOKING(BARLEASE_ORDERED),
		     "grace= of the slice is for each order");
	ok(client_works(&peer), "its holder still has it");
	ok(admin_ask(other, "revoke slice=polite grace=0", answer,
		     sizeof(answer)), "another one says grace=0");
	client_hears(&peer, CLIENT_REVOKED(BARLEASE_ORDERED), "and it is taken at once");
	is_answered(admin, "ok leases=1", "the first order is answered, too");
	invalid(other, "revoke all=yes grace=121s");
	invalid(other, "revoke all=yes grace=");
	invalid(other, "revoke all=yes grace=-1");
	invalid(other, "revoke all=yes grace=1s grace=2s");
	invalid(other, "revoke all=yes polite=yes");
	close(other);
	peer_stop(&peer);
}

static void is_told(int watcher, const char *event, const char *reason)
{
	size_t length = strlen(event);

	do {
		if (!admin_line(watcher, answer, sizeof(answer)))
			bail("who watches hears nothing of this: %s", event);
	} while (strncmp(answer, event, length) || !strstr(answer, reason));
	ok(true, "who watches is told: %s, %s", event, reason);
}

static void terms(int watcher)
{
	struct peer peer = client_connected(1001);
	long id = acquire(&peer, "brief");

	client_hears(&peer, CLIENT_REVOKING(BARLEASE_EXPIRED),
		     "a lease is about to end by itself");
	ok(client_works(&peer), "its holder still has it");
	is_error(client_call(&peer, client_renew, id, 0), EINVAL,
		 "a term of nothing: EINVAL");
	is_error(client_call(&peer, client_renew, id, 20001), EINVAL,
		 "more than max-time: EINVAL");
	is_error(client_call(&peer, client_renew, id + 1, 1000), ENOENT,
		 "another one's: ENOENT");
	is_int(client_call(&peer, client_renew, id, BARLEASE_FOREVER), 20000,
	       "it is renewed, for as long as may be");
	client_hears(&peer, CLIENT_REVOKING(BARLEASE_EXPIRED), "and told anew");
	is_int(client_call(&peer, client_renew, id, 500), 500,
	       "it makes do with less");
	client_hears(&peer, CLIENT_REVOKING(BARLEASE_EXPIRED), "is told of that");
	client_hears(&peer, CLIENT_REVOKED(BARLEASE_EXPIRED), "and then it ends");
	is_int(client_call(&peer, client_write, 0, 1), -EFAULT,
	       "and reaches nothing any more");
	peer_stop(&peer);
	is_told(watcher, "revoking ", "reason=expired");
	is_told(watcher, "ended ", "reason=expired");
}

static void turn_by_turn(int admin)
{
	struct peer one = client_connected(1001), two = client_connected(1002);
	struct peer three = client_connected(1001);
	long id = acquire(&one, "page"), second, third;

	second = wait_for(&two, "page");
	third = wait_for(&three, "page");
	ok(second > 0 && third > 0, "two wait for what a third one has");
	is_error(client_call(&one, client_acquire_wait, (long)"page", 100),
		 ETIMEDOUT, "its holder waits for it, too, and in vain");
	is_int(client_call(&one, client_renew, id, BARLEASE_FOREVER), 0,
	       "a lease without an end has none when it is renewed");
	peer_kill(&one);
	client_hears(&two, BARLEASE_EVENT_ANSWERED,
		     "it is killed, and who has waited longest is next");
	id = client_call(&two, client_finish, second);
	is_ok(id, "it has the lease");
	ok(client_works(&two), "which works");
	is_error(client_call(&three, client_event_now, 0), EAGAIN,
		 "the other one goes on waiting");
	one = client_connected(1001);
	is_error(acquire(&one, "page"), EBUSY, "who comes and does not wait: EBUSY");
	snprintf(answer, sizeof(answer), "revoke id=%ld", id);
	admin_ask(admin, answer, answer, sizeof(answer));
	client_hears(&three, BARLEASE_EVENT_ANSWERED,
		     "a revoke, and the other one is next");
	is_ok(client_call(&three, client_finish, third), "and has the lease");
	ok(client_works(&three), "which works");
	is_int(client_call(&two, client_write, 0, 1), -EFAULT,
	       "the one before has it no more");
	peer_stop(&one);
	peer_stop(&two);
	peer_stop(&three);
}

static void others_wait(void)
{
	struct peer one = client_connected(1001), two = client_connected(1002);
	long id = acquire(&one, "turn"), request = wait_for(&two, "turn");

	sleep_ms(2);
	is_error(client_call(&one, client_renew, id, BARLEASE_FOREVER), EBUSY,
		 "it is not renewed while others wait: EBUSY");
	is_int(client_call(&one, client_renew, id, 100), 100,
	       "but for less than it has");
	client_hears(&one, CLIENT_REVOKED(BARLEASE_EXPIRED), "and then it is over");
	client_hears(&two, BARLEASE_EVENT_ANSWERED, "for the one who waits");
	id = client_call(&two, client_finish, request);
	is_ok(id, "who has it");
	request = wait_for(&one, "turn");
	is_int(client_call(&one, client_cancel, request), 0,
	       "one that waits gives up");
	client_hears(&one, BARLEASE_EVENT_ANSWERED, "which is answered");
	is_error(client_call(&one, client_finish, request), ECANCELED,
		 "by ECANCELED");
	is_int(client_call(&two, client_renew, id, BARLEASE_FOREVER), 3600000,
	       "and it can be renewed");
	is_int(client_call(&one, client_watch, 0), 0, "it wants to be told");
	is_int(client_call(&two, client_release, id), 0, "when it is given back");
	client_hears(&one, BARLEASE_EVENT_FREED, "and is");
	peer_stop(&one);
	peer_stop(&two);
}

/* The words that each job leaves all alike; -1 they are not */
static long job_number(const struct peer *peer)
{
	long first = client_call(peer, client_read, 0);

	for (long at = 4; at < 64; at += 4)
		if (client_call(peer, client_read, at) != first)
			return -1;
	return first;
}

static void gives_way(int admin)
{
	ok(admin_ask(admin, "revoke slice=turn grace=1m", answer,
		     sizeof(answer)) && !strcmp(answer, "ok leases=1\n"),
	   "a worker is told, and gives way");
}

static bool both_wait(const struct program worker[2])
{
	return program_says(&worker[0], "waits for turn") &&
	       program_says(&worker[1], "waits for turn");
}

/* Two workers take turns, and one who looks at what they leave */
static void polite_workers(int admin)
{
	struct peer looks = client_connected(1001);
	long id = acquire(&looks, "turn"), last = 0, number, request;
	struct program worker[2];

	for (long at = 0; at < 64; at += 4)
		client_call(&looks, client_write, at, 0);
	for (int i = 0; i < 2; i++)
		worker[i] = PROGRAM_AS(1001 + i, "/examples/polite-worker",
				       "turn", BROKER_SOCKET);
	for (int i = 0; i < 5; i++) {
		ok(both_wait(worker), "two workers wait");
		client_call(&looks, client_release, id);
		request = wait_for(&looks, "turn");
		gives_way(admin);
		gives_way(admin);
		client_hears(&looks, BARLEASE_EVENT_ANSWERED, "then it is our turn");
		id = client_call(&looks, client_finish, request);
		number = job_number(&looks);
		ok(number >= last + 2, "no job is half done, of %ld", number);
		last = number;
	}
	for (int i = 0; i < 2; i++)
		is_int(program_end(&worker[i], SIGTERM), -SIGTERM,
		       "worker %d has not ended by itself", i);
	peer_stop(&looks);
}

static void taken_off_the_list(pid_t broker)
{
	struct peer one = client_connected(1001), two = client_connected(1002);
	long request, new;

	configure("[slice more]\nbar=2\nranges=4M+4K\nusers=*\nexclusive=yes\n");
	broker_reload(broker);
	acquire(&one, "more");
	request = wait_for(&two, "more");
	configure("");
	broker_reload(broker);
	client_hears(&two, BARLEASE_EVENT_ANSWERED,
		     "who waits for what is no slice any more is told");
	is_error(client_call(&two, client_finish, request), ENOENT, "ENOENT");
	client_hears(&one, CLIENT_REVOKED(BARLEASE_FORBIDDEN),
		     "and its holder loses it, at once");
	acquire(&one, "page");
	new = wait_for(&two, "page");
	kill(broker, SIGKILL);
	broker_end(broker);
	is_error(client_call(&two, client_finish, new), ECONNRESET,
		 "a broker that is killed: who waits is told: ECONNRESET");
	is_int(client_call(&one, client_write, 0, 1), -EFAULT,
	       "and leases are over");
	peer_stop(&one);
	peer_stop(&two);
}

int main(void)
{
	int admin, watcher;
	pid_t broker;

	broker_set_up();
	configure("");
	broker = broker_start();
	admin = admin_connect();
	watcher = admin_connect();
	admin_ask(watcher, "watch", answer, sizeof(answer));
	given_back_in_time(admin);
	is_told(watcher, "revoking ", "reason=ordered");
	taken_in_the_end(admin);
	grace_of_the_slice(admin);
	terms(watcher);
	turn_by_turn(admin);
	others_wait();
	polite_workers(admin);
	admin_leases(admin, 0, "none of these is left");
	close(watcher);
	close(admin);
	taken_off_the_list(broker);
	broker = broker_start();
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	return tap_done();
}
