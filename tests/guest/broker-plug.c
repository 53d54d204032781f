// SPDX-License-Identifier: MIT
/*
 * One of barleased's two devices is pulled out and plugged in again: its leases
 * are gone, those of the other are not, and it is served again
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "plug.h"
#include "tap.h"

static char answer[4096];
static struct peer goes, stays;

static void event(int watch, const char *what, const char *name)
{
	do {
		if (!admin_line(watch, answer, sizeof(answer)))
			bail("those who watch hear nothing of it");
	} while (strncmp(answer, what, strlen(what)));
	ok(true, "%s", name);
}

static void have_a_lease(void)
{
	is_ok(client_call(&goes, client_acquire, (long)"goes", 0),
	      "a client has a lease of the device");
	is_int(client_call(&goes, client_write, 0, 77), 0, "which works");
	is_int(client_call(&stays, client_read, 0), 88,
	       "so does another's, of the other device");
}

static void pulled(const struct plugged *plugged, int watch)
{
	plug_pull(plugged);
	is_int(client_call(&goes, client_event, 0),
	       CLIENT_REVOKED(BARLEASE_GONE),
	       "it is pulled out: its client is told that it is gone");
	is_int(client_call(&goes, client_read, 0), -EFAULT,
	       "and has SIGBUS");
	event(watch, "ended ", "who watches hears of the lease");
	ok(strstr(answer, " reason=gone"), "and why");
	event(watch, "gone ", "and of the device");
	ok(plug_gone(plugged), "the kernel has let go of it");
	is_int(client_call(&stays, client_read, 0), 88,
	       "the other device's lease works");
}

int main(void)
{
	struct plugged plugged = plug_memory("hp0");
	pid_t broker;
	int watch;

	broker_set_up();
	broker_configure("[device %s]\n[device %s]\n"
			 "[slice goes]\ndevice=%s\nbar=2\nranges=0+4K\nusers=*\n"
			 "[slice stays]\ndevice=%s\nbar=2\nranges=0+4K\nusers=*\n",
			 plugged.dev.name, dev_small().name, plugged.dev.name,
			 dev_small().name);
	broker = broker_start();
	watch = admin_connect();
	admin_ask(watch, "watch", answer, sizeof(answer));
	goes = client_process(1001);
	stays = client_process(1002);
	client_call(&goes, client_connect, 0);
	client_call(&stays, client_connect, 0);
	is_ok(client_call(&stays, client_acquire, (long)"stays", 0),
	      "a client has a lease of a device that stays");
	client_call(&stays, client_write, 0, 88);
	for (int i = 0; i < 2; i++) {
		have_a_lease();
		pulled(&plugged, watch);
		plugged = plug_memory("hp0");
		event(watch, "back ", "it is plugged in again, and taken");
	}
	have_a_lease();
	close(watch);
	peer_stop(&goes);
	peer_stop(&stays);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	plug_pull(&plugged);
	ok(plug_gone(&plugged), "nothing is left behind");
	return tap_done();
}
