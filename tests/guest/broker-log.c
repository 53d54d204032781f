// SPDX-License-Identifier: MIT
/*
 * Nobody reads barleased's log, and it serves; a client has thousands of lines
 * written, and the log and those who watch get a few, and the number of the rest
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "tap.h"

#define MANY	2000

static char answer[4096];

static void configure(void)
{
	broker_configure("[device %s]\n"
			 "[slice page]\nbar=2\nranges=0+4K\nusers=*\n",
			 dev_small().name);
}

static void fill(int fd)
{
	static const char zeros[4096];

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	fcntl(fd, F_SETFL, 0);
}

static long acquire_and_release(int fd, const long *args)
{
	for (long i = 0; i < args[0]; i++) {
		const long page[] = { (long)"page", 0 };
		const long id = client_acquire(fd, page);

		if (id < 0 || client_release(fd, &id))
			return i;
	}
	return args[0];
}

static struct peer connected(uid_t uid)
{
	struct peer peer = client_process(uid);

	is_ok(client_call(&peer, client_connect, 0), "a client connects");
	return peer;
}

/* Its standard error is a pipe that is full from the beginning. */
static void nobody_reads(void)
{
	int fds[2];
	struct peer peer;
	pid_t broker;

	broker_set_up();
	configure();
	if (pipe2(fds, O_CLOEXEC))
		bail("pipe2(): %s", strerror(errno));
	fill(fds[1]);
	broker = broker_spawn_with_log(fds[1]);
	ok(broker_is_ready(), "a broker starts whose log is a full pipe");
	peer = connected(1001);
	is_int(client_call(&peer, acquire_and_release, MANY), MANY,
	       "which has %d leases, one by one", MANY);
	is_int(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0,
	       "and the pipe, which is others' too, is as it was");
	peer_stop(&peer);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	close(fds[0]);
	close(fds[1]);
}

static void is_told_of_omitted(int watch)
{
	long told = 0, omitted = 0;

	while (told + omitted < 2 * MANY &&
	       admin_line(watch, answer, sizeof(answer))) {
		if (!strstr(answer, " uid=1001 "))
			continue;
		if (strncmp(answer, "omitted ", 8))
			told++;
		else
			omitted += admin_number(answer, "lines");
	}
	/* A slow machine gives the broker time to tell it all: see unit-budget. */
	if (!ok(told + omitted == 2 * MANY,
		"who watches is told of each event, or how many more"))
		diag("  %ld lines, and %ld more", told, omitted);
}

static void one_writes_much(void)
{
	struct peer greedy, modest;
	pid_t broker;
	int watch;

	broker_set_up();
	configure();
	broker = broker_start();
	watch = admin_connect();
	admin_ask(watch, "watch", answer, sizeof(answer));
	greedy = connected(1001);
	modest = connected(1002);
	is_int(client_call(&greedy, acquire_and_release, MANY), MANY,
	       "a client has %d leases, one by one", MANY);
	client_call(&modest, client_acquire, (long)"page", 0);
	ok(broker_said("to uid 1002, pid"),
	   "the log has another one's single lease");
	ok(broker_log_lines() < MANY / 2, "and few of the first one's");
	ok(broker_will_say(" more lines about uid 1001"),
	   "but how many more there would be");
	is_told_of_omitted(watch);
	close(watch);
	peer_stop(&greedy);
	peer_stop(&modest);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

int main(void)
{
	nobody_reads();
	one_writes_much();
	return tap_done();
}
