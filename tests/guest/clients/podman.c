// SPDX-License-Identifier: MIT
/*
 * A container of podman has the slice that it is given as a device, and nothing else:
 * root's, and an ordinary user's
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "container.h"
#include "debian.h"
#include "kernel.h"
#include "output.h"
#include "tap.h"

#define SPEC	CONTAINER_ROOT "/etc/cdi/barlease.json"

static const char admin_path[] = BROKER_ADMIN, spec_path[] = SPEC;

static char text[1 << 14];

static const char *const own[] = { "--device=barlease/slice=own", NULL };
static const char *const none[] = { NULL };

static int run(uid_t uid, const char *const *options, const char *line)
{
	return container_run(uid, options, line, text, sizeof(text));
}

static int barlease(const char *const argv[])
{
	int output;
	pid_t pid = debian_pipe("/", argv, &output);

	return output_of(pid, output, text, sizeof(text));
}

static int cdi(uid_t uid)
{
	return barlease((const char *const []){
		"/bin/barlease", "cdi", "--admin", admin_path, "--output",
		spec_path, "own", uid ? "--user" : NULL, "1001", NULL });
}

static int ungrant(void)
{
	return barlease((const char *const []){
		"/bin/barlease", "ungrant", "--admin", admin_path, "cdi-own",
		NULL });
}

/* ---- What a container has -------------------------------------------------- */

/* Writes through its lease; @outside sees the same bytes by another slice */
static void writes(uid_t uid, const char *who, const struct peer *outside)
{
	char line[200];
	long value = 0x1000 + uid;

	client_call(outside, client_write, 0, 0);
	snprintf(line, sizeof(line),
		 "/bin/barlease acquire own -- /bin/barlease poke 0 %#lx", value);
	is_int(run(uid, own, line), 0, "%s: it writes through its lease", who);
	is_hex(client_call(outside, client_read, 0), value,
	       "%s: which is the device", who);
}

static void has_nothing_else(uid_t uid, const char *who)
{
	is_int(run(uid, none, "test ! -e /run/barlease/own/socket && test -z \"$BARLEASE_SOCKET\""),
	       0, "%s: without the device there is no socket", who);
	is_int(run(uid, own, "/bin/barlease acquire other -- true"), 4,
	       "%s: a slice that it was not given is denied", who);
	is_int(run(uid, own, "/bin/barlease acquire window -- true"), 4,
	       "%s: so is one that all users may have", who);
	run(uid, own, "/bin/barlease slices");
	ok(strstr(text, "own") && !strstr(text, "other") && !strstr(text, "window"),
	   "%s: and none of those is seen", who);
	ok(run(uid, own, "touch /run/barlease/own/x") != 0,
	   "%s: nothing can be written where the socket is", who);
	is_int(run(uid, own, "test ! -e /dev/vfio && test ! -e /run/barlease/other"),
	       0, "%s: nor are there VFIO's files, or others' sockets", who);
}

/* An administrator takes it away from one that is running */
static void taken_away(uid_t uid)
{
	static const char line[] =
		"/bin/barlease acquire own --on-revoke TERM -- /bin/sh -c 'sleep 600'";
	int output;
	pid_t pid = container_start(uid, own, line, &output);
	int admin = admin_connect();

	/* The other one is outside */
	admin_leases(admin, 2, "a container that stays has a lease");
	is_int(ungrant(), 0, "it is taken away");
	admin_leases(admin, 1, "there is no such lease then");
	ok(output_of(pid, output, text, sizeof(text)) != 0 &&
	   strstr(text, "was revoked"), "and the container's program is told");
	ok(run(uid, own, "/bin/barlease acquire own -- /bin/barlease peek 0") != 0,
	   "a new container has nothing");
	close(admin);
}

static void containers_of(uid_t uid, const char *who, const struct peer *outside)
{
	is_int(cdi(uid), 0, "%s: barlease cdi", who);
	writes(uid, who, outside);
	has_nothing_else(uid, who);
	taken_away(uid);
}

int main(void)
{
	struct peer outside;
	struct bdf dev;
	pid_t broker;

	dev = dev_small();
	is_int(module_load("vfio_iommu_type1", NULL) ?:
	       module_load(OUR_DRIVER, NULL), 0, "the driver is loaded");
	is_ok(pci_bind(dev, OUR_DRIVER), "a device is bound to it");
	container_set_up();
	broker_set_up();
	broker_configure("[device %s]\n"
			 "[slice own]\nbar=2\nranges=0+64K\nusers=-\n"
			 "[slice other]\nbar=2\nranges=64K+64K\nusers=-\n"
			 "[slice window]\nbar=2\nranges=0+64K\nusers=*\n",
			 dev.name);
	broker = broker_start();
	outside = client_connected(1002);
	ok(client_call(&outside, client_acquire, (long)"window", 0) > 0,
	   "somebody outside sees the device") || (broker_show_log(), false);
	containers_of(0, "root's container", &outside);
	containers_of(CONTAINER_UID, "an ordinary user's", &outside);
	peer_stop(&outside);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	is_ok(pci_unbind(dev), "the device is free again");
	is_ok(module_unload(OUR_MODULE), "and the driver can go");
	return tap_done();
}
