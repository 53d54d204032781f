// SPDX-License-Identifier: MIT
/*
 * barlease doctor says which devices could have leases, and why they could not
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli-run.h"
#include "importer.h"
#include "sysfs.h"
#include "tap.h"

static struct bdf dev, peer;

static void doctor(void)
{
	const struct run *run = CLI("doctor");
	char part[128];

	cli_is(run, 0, "doctor");
	snprintf(part, sizeof(part),
		 "good  peers   all other devices can have leases of %s\n",
		 dev.name);
	if (importers_possible())
		cli_says(run, part);
	else
		cli_says(run, "note  peers   no device can have leases, only processes");
	cli_show(run);

	run = CLI_AS(1001, "doctor");
	cli_is(run, 0, "doctor, as an ordinary user");
	snprintf(part, sizeof(part), "can have leases of %s, only root may ask",
		 dev.name);
	cli_says(run, importers_possible() ? part : "no device can have leases");
}

static void doctor_of_two(void)
{
	const struct run *run = CLI("doctor", dev.name, peer.name);
	bool possible = importers_possible();
	char part[128];

	cli_is(run, possible ? 0 : 1, "doctor DEVICE PEER");
	snprintf(part, sizeof(part), "%s  peers   %s can have %sleases of %s",
		 possible ? "good" : "bad ", peer.name, possible ? "" : "no ",
		 dev.name);
	cli_says(run, part);
	if (!possible)
		cli_says(run, "-> boot Linux 6.19 or newer with CONFIG_PCI_P2PDMA");

	run = CLI("doctor", "--json", dev.name, peer.name);
	cli_is(run, possible ? 0 : 1, "doctor --json DEVICE PEER");
	cli_says(run, possible ? "\"health\": \"good\"" :
				 "\"health\": \"bad\"");
	run = CLI_AS(1001, "doctor", dev.name, peer.name);
	cli_is(run, possible ? 4 : 1, "doctor DEVICE PEER, as an ordinary user");
	if (possible)
		cli_complains(run, "only root may ask");
}

static void complains(const struct run *run, int status, const char *part)
{
	cli_is(run, status, "\"%s\"", part);
	cli_complains(run, part);
}

static void errors(void)
{
	complains(CLI("doctor", dev.name), 2, "for which device?");
	complains(CLI("doctor", dev.name, dev.name), 2, "not the same one");
	complains(CLI("doctor", dev.name, "nonsense"), 2, "no PCI address");
	complains(CLI("doctor", dev.name, "0000:fe:00.0"), 3,
		  "no device 0000:fe:00.0");
	complains(CLI("doctor", "0000:00:00.0", dev.name), 3,
		  "has no leases: it is bound to no driver");
}

int main(void)
{
	dev = dev_small();
	peer = dev_big();
	doctor();
	doctor_of_two();
	errors();
	return tap_done();
}
