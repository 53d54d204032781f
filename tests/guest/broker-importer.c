// SPDX-License-Identifier: MIT
/*
 * A client that has given its lease to a device which keeps it keeps nobody
 * waiting but itself, and nobody else gets those bytes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "importer.h"
#include "tap.h"

static struct barlease_client *client;
static struct barlease_lease lease;
static struct peer other;

/* A lease that a device has, which keeps it until it is asked */
static int give(const char *slice)
{
	int importer;

	if (barlease_client_connect(BROKER_SOCKET, &client) ||
	    barlease_client_acquire(client, slice, 0, &lease))
		bail("no lease of %s", slice);
	importer = importer_mapped(lease.fd, dev_big(),
				   BARLEASE_IMPORTER_WHEN_ASKED);
	close(lease.fd);
	return importer;
}

static void others_are_served(const char *when)
{
	long id = client_call(&other, client_acquire, (long)"other", 0);

	ok(id > 0, "%s, another client gets a lease", when);
	is_ok(client_call(&other, client_write, 0, 5), "which works");
	is_ok(client_call(&other, client_release, id), "and gives it back");
}

static bool answered(void)
{
	struct barlease_event event;

	return barlease_client_dispatch(client, &event) == 1 &&
	       event.type == BARLEASE_EVENT_ANSWERED;
}

static void released(void)
{
	int importer = give("page"), request;

	request = barlease_client_start_release(client, lease.id);
	ok(request > 0, "a client gives back what a device keeps");
	others_are_served("meanwhile");
	is_error(barlease_client_finish(client, request, NULL), EAGAIN,
		 "it has no answer yet");
	importer_unmap(importer);
	ok(comes_true(answered()), "it has one when the device lets go");
	is_ok(barlease_client_finish(client, request, NULL), "and a good one");
	close(importer);
	barlease_client_close(client);
}

static void left_behind(void)
{
	int importer = give("page");

	barlease_client_close(client);
	others_are_served("when a client is gone, and a device has its lease");
	is_error(client_call(&other, client_acquire, (long)"page", 0), EBUSY,
		 "those very bytes are nobody's: EBUSY");
	importer_unmap(importer);
	ok(comes_true(client_call(&other, client_acquire, (long)"page", 0) > 0),
	   "until the device lets go");
	close(importer);
}

int main(void)
{
	pid_t broker;

	if (!importers_possible()) {
		skip("this kernel lets no device import",
		     "a device that keeps a lease");
		return tap_done();
	}
	broker_set_up();
	broker_configure("[device %s]\n"
			 "[slice page]\nbar=2\nranges=0+4K\nexclusive=yes\nusers=*\n"
			 "[slice other]\nbar=2\nranges=4K+4K\nusers=*\n",
			 dev_small().name);
	broker = broker_start();
	other = client_process(1001);
	is_ok(client_call(&other, client_connect, 0), "a client connects");
	released();
	left_behind();
	peer_stop(&other);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	return tap_done();
}
