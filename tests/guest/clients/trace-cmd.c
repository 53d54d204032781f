// SPDX-License-Identifier: MIT
/*
 * Debian's trace-cmd reads the driver's tracepoints: the lines of
 * docs/book/how-to/trace.md
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker-lib.h"
#include "debian.h"
#include "kernel.h"
#include "output.h"
#include "tap.h"

#define WORKER	1001
#define ADMIN	"/run/barlease/admin"
#define SOCKET	"/run/barlease/socket"

static char text[1 << 16];

/* As typed into a shell of root's */
static void run(const char *line)
{
	const char *const argv[] = { "/bin/sh", "-c", line, NULL };
	int output;
	pid_t pid = debian_pipe("/", argv, &output);

	is_int(output_of(pid, output, text, sizeof(text)), 0, "%s", line);
}

/* A line of this event has these words. */
static void says(const char *event, const char *words)
{
	const char *at = text;
	char line[400] = "";

	while ((at = strstr(at, event))) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (strstr(line, words))
			break;
		at++;
	}
	ok(at, "it says \"%s\" of %s", words, event);
}

/* A program from its beginning to its end: that its lease is over comes behind that */
static void recorded(void)
{
	run("trace-cmd record -q -e barlease su worker1 -c 'barlease peek --slice doorbell 0x10'");
	says("0x00000010: ", "0x");
	run("trace-cmd report");
	says(" export: ", "bar=2 size=0x1000 ranges=1 rw");
	says(" mmap: ", "offset=0x0 size=0x1000 nc ");
	says(" fault: ", "size=0x1000 nc read");
	unlink("trace.dat");
}

static long revoked(const struct peer *holder)
{
	return client_call(holder, client_read, 0);
}

/* What happens from now on, in the kernel's memory */
static void followed(void)
{
	struct peer holder = client_connected(WORKER);

	ok(client_call(&holder, client_acquire, (long)"doorbell", 0) > 0,
	   "somebody has a lease") || (broker_show_log(), false);
	run("trace-cmd start -e barlease:revoke -e barlease:fault -f 'refused == 1'");
	run("barlease revoke --slice doorbell");
	is_error(revoked(&holder), EFAULT, "and goes on to use it");
	run("trace-cmd show");
	says(" revoke: ", "size=0x1000 took=");
	says(" fault: ", "nc read refused");
	run("trace-cmd reset");
	run("trace-cmd show");
	ok(!strstr(text, "revoke: "), "then there is nothing of it any more");
	peer_stop(&holder);
}

int main(void)
{
	struct bdf dev = dev_small();
	pid_t broker;

	is_int(module_load("vfio_iommu_type1", NULL) ?:
	       module_load(OUR_DRIVER, NULL), 0, "the driver is loaded");
	is_ok(pci_bind(dev, OUR_DRIVER), "a device is bound to it");
	broker_set_up();
	/* Where it would be, so that the lines are as they are in the page */
	mkdir("/run/barlease", 0755);
	if (symlink(BROKER_ADMIN, ADMIN) || symlink(BROKER_SOCKET, SOCKET))
		bail("/run/barlease: %s", strerror(errno));
	broker_configure("[device %s]\n"
			 "[slice doorbell]\nbar=2\nranges=0x1000+0x1000\n"
			 "users=worker1\n", dev.name);
	broker = broker_start();
	recorded();
	followed();
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	unlink(ADMIN);
	unlink(SOCKET);
	is_ok(pci_unbind(dev), "the device is free again");
	is_ok(module_unload(OUR_MODULE), "and the driver can go");
	return tap_done();
}
