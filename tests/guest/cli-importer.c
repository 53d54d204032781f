// SPDX-License-Identifier: MIT
/*
 * barlease ps names the devices that have leases
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli-holder.h"
#include "cli-run.h"
#include "clock.h"
#include "importer.h"
#include "lease.h"
#include "sysfs.h"
#include "tap.h"

static struct bdf dev, peer;

/* Gives the slice "queue" to a device, and holds it as any other */
__attribute__((noreturn))
static void give_and_hold(void)
{
	int lease = atoi(getenv("BARLEASE_FD") ?: "-1");

	if (!strcmp(getenv("BARLEASE_NAME") ?: "", "queue") &&
	    importers_possible())
		importer_mapped(lease, peer, BARLEASE_IMPORTER_AT_ONCE);
	holder_run();
}

static void start(void)
{
	char config[256];

	snprintf(config, sizeof(config),
		 "[device %s]\n"
		 "[slice queue]\nbar = 2\nranges = 0x1000+0x1000\nusers = root\n"
		 "[slice other]\nbar = 2\nranges = 0x1000+0x2000\nusers = root\n",
		 dev.name);
	broker_start(config);
}

static void ps(void)
{
	bool possible = importers_possible();
	const struct run *run = CLI("ps");
	char part[128];

	cli_is(run, 0, "ps");
	snprintf(part, sizeof(part),
		 ", %s " OUR_DRIVER " (device, 1 mapping)", peer.name);
	ok(!!strstr(cli_line(run, " queue "), part) == possible,
	   "a lease's line ends with its device, where it can have one");
	ok(!strstr(cli_line(run, " other "), "device"), "that of the other does not");
	cli_show(run);

	run = CLI("ps", "--json");
	cli_is(run, 0, "ps --json");
	snprintf(part, sizeof(part), "\"device\": \"%s\"", peer.name);
	ok(!!strstr(run->out, part) == possible, "it has the device, too");
	ok(!!strstr(run->out, "\"mappings\": 1") == possible,
	   "with one mapping");
	cli_says(run, "\"devices\": [");
}

static void leased(void)
{
	struct job queue, other;
	char ids[2][16];

	queue = holder_start(0, "queue", ids[0]);
	other = holder_start(0, "other", ids[1]);
	ps();
	cli_is(CLI("revoke", ids[0], ids[1]), 0, "both are revoked");
	cli_is(job_end(&queue), 128 + SIGBUS, "one holder dies of SIGBUS");
	cli_is(job_end(&other), 128 + SIGBUS, "and the other");
	ok(comes_true(!strstr(CLI("ps")->out, " queue ")), "they are gone");
}

int main(int argc, char **argv)
{
	NEEDS_SMALL_PAGES;
	dev = dev_small();
	peer = dev_big();
	if (argc > 1 && !strcmp(argv[1], HOLD))
		give_and_hold();
	start();
	leased();
	broker_stop();
	return tap_done();
}
