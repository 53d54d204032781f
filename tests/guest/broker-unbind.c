// SPDX-License-Identifier: MIT
/*
 * barleased lets a device go that the kernel wants back, keeps the others, and
 * takes it again when it is back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "kernel.h"
#include "tap.h"

static char answer[4096];
static struct peer root, goes, stays;

static void configure(const char *backend)
{
	broker_configure("[device %s]\nbackend=%s\n"
			 "[device %s]\nbackend=%s\n"
			 "[slice goes]\ndevice=%s\nbar=2\nranges=0+4K\nusers=*\n"
			 "count=2\nstride=4K\n"
			 "[slice stays]\ndevice=%s\nbar=2\nranges=0+4K\nusers=*\n",
			 dev_small().name, backend, dev_big().name, backend,
			 dev_small().name, dev_big().name);
}

static long unbind(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return pci_unbind(dev_small());
}

static void have_leases(void)
{
	is_ok(client_call(&goes, client_acquire, (long)"goes-1", 0),
	      "a client has a lease of the device");
	is_int(client_call(&goes, client_write, 0, 77), 0, "which works");
}

static void kernel_takes_it(int watch)
{
	char words[128];

	peer_begin(&root, unbind, -1, ARGS(0));
	is_int(client_call(&goes, client_event, 0),
	       CLIENT_REVOKED(BARLEASE_GONE),
	       "when somebody unbinds it, its client is told");
	is_error(client_call(&goes, client_read, 0), EFAULT,
		 "the lease is SIGBUS");
	is_ok(peer_result(&root), "the unbind does not wait for ever");
	snprintf(words, sizeof(words), "the kernel wants %s back",
		 dev_small().name);
	ok(broker_will_say(words), "the broker's log says so");
	do {
		if (!admin_line(watch, answer, sizeof(answer)))
			bail("those who watch hear nothing of it");
	} while (strncmp(answer, "gone ", 5));
	ok(strstr(answer, dev_small().name), "those who watch hear so");
}

static void without_it(int admin)
{
	char words[64];

	is_error(client_call(&goes, client_acquire, (long)"goes", BARLEASE_ANY),
		 ENOENT, "there are no leases of it: ENOENT");
	ok(admin_ask(admin, "devices", answer, sizeof(answer)) &&
	   strstr(answer, " state=open\n") && strstr(answer, " state=away why="),
	   "it is away, and the other one is open");
	snprintf(words, sizeof(words), "reset device=%s", dev_small().name);
	ok(!admin_ask(admin, words, answer, sizeof(answer)),
	   "and cannot be reset");
	ok(broker_will_say("has no driver"), "the log says what it lacks");
	ok(admin_ask(admin, "reload", answer, sizeof(answer)),
	   "a reload is good nevertheless");
	is_int(client_call(&stays, client_read, 0), 88,
	       "the other device's lease works all the while");
}

static void is_back(int watch)
{
	is_ok(pci_bind(dev_small(), OUR_DRIVER), "it is bound again");
	do {
		if (!admin_line(watch, answer, sizeof(answer)))
			bail("those who watch hear nothing of it");
	} while (strncmp(answer, "back ", 5));
	ok(strstr(answer, dev_small().name), "the broker takes it again");
	have_leases();
	is_int(client_call(&stays, client_read, 0), 88,
	       "the other device's lease has not noticed");
}

static void this_way(const char *backend)
{
	int admin, watch, before;
	pid_t broker;

	diag("backend = %s", backend);
	broker_set_up();
	configure(backend);
	broker = broker_start();
	goes = client_process(1001);
	stays = client_process(1002);
	client_call(&goes, client_connect, 0);
	client_call(&stays, client_connect, 0);
	is_ok(client_call(&stays, client_acquire, (long)"stays", 0),
	      "a client has a lease of another device");
	client_call(&stays, client_write, 0, 88);
	have_leases();
	admin = admin_connect();
	watch = admin_connect();
	admin_ask(watch, "watch", answer, sizeof(answer));
	before = broker_fds(broker);

	kernel_takes_it(watch);
	without_it(admin);
	is_back(watch);
	ok(comes_true(broker_fds(broker) == before),
	   "the broker has as many files open");
	kernel_takes_it(watch);
	is_back(watch);

	close(admin);
	close(watch);
	peer_stop(&goes);
	peer_stop(&stays);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

int main(void)
{
	root = peer_start();
	this_way("group");
	if (kernel_has_iommufd())
		this_way("iommufd");
	else
		skip("this kernel has no iommufd", "the same with iommufd");
	peer_stop(&root);
	return tap_done();
}
