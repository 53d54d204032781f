// SPDX-License-Identifier: MIT
/*
 * A user who takes all that there is leaves something for others
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "broker-lib.h"
#include "fds.h"
#include "tap.h"

#define MOST_CONNECTIONS	20
#define MOST_LEASES		30
#define MANY			1000
#define MANY_UIDS		300
#define GREEDY			3000
#define MODEST			3001

/* Connections of one process, and those of its leases that it keeps */
static struct barlease_client *clients[MANY];

static void configure(int connections, int leases)
{
	broker_configure("[device %s]\n"
			 "[slice page]\nbar=2\nranges=0+4K\nusers=*\n"
			 "[slice other]\nbar=2\nranges=4K+4K\nusers=*\n"
			 "[broker]\n"
			 "user-connections = %d\n"
			 "user-leases = %d\n",
			 dev_small().name, connections, leases);
}

/* The first error, and how many there were before it */
static long connect_many(int fd, const long *args)
{
	long n, ret;

	(void)fd;
	for (n = 0; n < args[0]; n++) {
		ret = barlease_client_connect(BROKER_SOCKET, &clients[n]);
		if (ret)
			return ret == -EDQUOT ? n : ret;
	}
	return n;
}

/* How many of so many more attempts are refused with this very error */
static long connect_in_vain(int fd, const long *args)
{
	struct barlease_client *client;
	long refused = 0;

	(void)fd;
	for (long i = 0; i < args[0]; i++)
		refused += barlease_client_connect(BROKER_SOCKET, &client) ==
			   -EDQUOT;
	return refused;
}

/* By all connections in turn, until one is refused; args: connections */
static long acquire_many(int fd, const long *args)
{
	struct barlease_lease lease;
	long n, ret;

	(void)fd;
	for (n = 0; n < MANY; n++) {
		ret = barlease_client_acquire(clients[n % args[0]], "page", 0,
					      &lease);
		if (ret)
			return ret == -EDQUOT ? n : ret;
		close(lease.fd);
	}
	return n;
}

static long hint(int fd, const long *args)
{
	(void)fd;
	return !!strstr(barlease_client_error(clients[args[0]]),
			"as many leases as it may have");
}

static long close_one(int fd, const long *args)
{
	(void)fd;
	barlease_client_close(clients[args[0]]);
	return 0;
}

/* Each of them is somebody else, for the broker may not know yet who is gone */
static void is_served(const char *name)
{
	static uid_t uid = MODEST;
	struct peer modest = client_process(uid++);
	long ret = client_call(&modest, client_connect, 0);

	if (!ret)
		ret = client_call(&modest, client_acquire, (long)"other", 0);
	is_ok(ret, "%s", name);
	peer_stop(&modest);
}

static void connections(struct peer *greedy)
{
	is_int(client_call(greedy, connect_many, MANY), MOST_CONNECTIONS,
	       "a user gets as many connections as are configured");
	is_int(client_call(greedy, connect_in_vain, MANY), MANY,
	       "each of %d more is refused: EDQUOT", MANY);
	ok(broker_will_say("user 3000 has 20 connections, as many as it may"),
	   "the log says so");
	is_served("another user connects, and gets a lease");
}

static void leases(struct peer *greedy)
{
	is_int(client_call(greedy, acquire_many, MOST_CONNECTIONS), MOST_LEASES,
	       "the first user gets as many leases as are configured");
	is_int(client_call(greedy, hint, MOST_LEASES % MOST_CONNECTIONS), 1,
	       "and then a word about why not: EDQUOT");
	is_served("another user gets one");
	client_call(greedy, close_one, 0);
	client_call(greedy, close_one, 1);
	ok(broker_will_say("has ended: disconnected"), "two of 20 hang up");
	is_served("the other user is still served");
}

static void reloaded(struct peer *greedy, pid_t broker)
{
	configure(1, 1);
	broker_reload(broker);
	is_int(client_call(greedy, client_connect, 0), -EDQUOT,
	       "a reload with lower limits counts at once");
	is_served("for others, too, who have nothing yet");
	configure(2 * MOST_CONNECTIONS, 2 * MOST_LEASES);
	broker_reload(broker);
	is_ok(client_call(greedy, client_connect, 0), "so does one with higher");
	is_ok(client_call(greedy, client_acquire, (long)"page", 0),
	      "also for leases");
}

/* Of as many users as there are subordinate ids, each with little */
static long connect_as_many(int fd, const long *args)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	long n = 0;

	(void)fd;
	stpcpy(at.sun_path, BROKER_SOCKET);
	fds_allow(args[0] + 100);
	for (; n < args[0]; n++) {
		int sock = socket(AF_UNIX, SOCK_SEQPACKET, 0);

		if (sock < 0 || seteuid(0) || seteuid(5000 + n) ||
		    connect(sock, (void *)&at, sizeof(at)))
			break;
	}
	return n;
}

/* Whoever connects and says nothing is in nobody's way. */
static void many_users(void)
{
	struct peer silent = peer_start();
	static char answer[4096];
	pid_t broker;
	int admin;

	broker_configure("[device %s]\n"
			 "[slice other]\nbar=2\nranges=4K+4K\nusers=*\n"
			 "[broker]\nconnections = 60\n", dev_small().name);
	broker = broker_start();
	is_int(client_call(&silent, connect_as_many, MANY_UIDS), MANY_UIDS,
	       "%d users connect, and say nothing; there may be 60",
	       MANY_UIDS);
	is_served("another one is served");
	admin = admin_connect();
	ok(admin_ask(admin, "devices", answer, sizeof(answer)),
	   "so is an administrator");
	close(admin);
	peer_kill(&silent);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

int main(void)
{
	struct peer greedy;
	int before, admin;
	pid_t broker;

	broker_set_up();
	configure(MOST_CONNECTIONS, MOST_LEASES);
	broker = broker_start();
	/* Once it has answered, it has closed what it said that it is ready by */
	admin = admin_connect();
	admin_count(admin, "leases", "lease ");
	before = broker_fds(broker);
	greedy = client_process(GREEDY);
	connections(&greedy);
	leases(&greedy);
	reloaded(&greedy, broker);
	peer_kill(&greedy);
	for (int i = 0; i < 500 && broker_fds(broker) > before; i++)
		usleep(10000);
	is_int(broker_fds(broker), before,
	       "when it is killed, the broker has no file open for it");
	close(admin);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	many_users();
	return tap_done();
}
