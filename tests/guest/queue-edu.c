// SPDX-License-Identifier: MIT
/*
 * A process of an ordinary user drives edu by a lease of it: registers, interrupt
 * and DMA, and without any file of VFIO
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>

#include "broker-lib.h"
#include "program.h"
#include "queue-lib.h"
#include "tap.h"

static void configure(const char *backend)
{
	broker_configure("[device %s]\nbackend=%s\n"
			 "[slice edu]\nbar=0\nranges=0+4K\nusers=1001\n"
			 "interrupts=0\ndma=1M\n",
			 dev_edu().name, backend);
}

static void works(void)
{
	struct program worker = PROGRAM_AS(1001, "/examples/edu-worker",
					   BROKER_SOCKET);

	ok(program_says(&worker, "10! is 3628800"),
	   "it computes a factorial, by interrupt");
	ok(program_says(&worker, "2048 bytes went there and came back"),
	   "the device has copied its memory");
	is_int(program_end(&worker, 0), 0, "it ends with 0");
}

static void another_user(void)
{
	struct program worker = PROGRAM_AS(1002, "/examples/edu-worker",
					   BROKER_SOCKET);

	ok(program_says(&worker, "no connection: Permission denied"),
	   "another user does not get it");
	is_int(program_end(&worker, 0), 1, "and is told so");
}

static void this_way(const char *backend)
{
	int admin, fds;
	pid_t broker;

	diag("backend = %s", backend);
	broker_set_up();
	configure(backend);
	broker = broker_start();
	fds = broker_fds(broker);
	works();
	works();
	another_user();
	admin = admin_connect();
	admin_leases(admin, 0, "nothing is leased");
	queue_has_pinned(broker, 0, "nothing is pinned");
	close(admin);
	broker_has_fds(broker, fds, "no file is left open");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

int main(void)
{
	queue_both_ways(this_way);
	return tap_done();
}
