// SPDX-License-Identifier: MIT
/*
 * barlease reset: have barleased reset a device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>

#include <barlease.h>

#include "broker.h"
#include "sysfs.h"

static int reset(const struct verb *verb, const struct options *options,
		 int argc, char **argv)
{
	char bdf[BDF_SIZE], request[BDF_SIZE + 16];
	struct admin *admin;
	int ret;

	(void)argc;
	if (barlease_pci_address(argv[0], bdf))
		return misused(verb, "\"%s\" is no PCI address, as 0000:03:00.0 is one",
			       argv[0]);
	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	snprintf(request, sizeof(request), "reset device=%s", bdf);
	ret = broker_order(verb, admin, request);
	admin_close(admin);
	return ret;
}

const struct verb reset_verb = {
	.name = "reset",
	.operands = "DEVICE",
	.summary = "have barleased reset a device",
	.details =
"Leases stay: their holders' accesses wait until the reset is over, and go on.\n"
"Ends when it is. Asks barleased, for root only.\n",
	.examples =
"  barlease reset 0000:03:00.0\n",
	.takes = OPT_ADMIN,
	.min = 1,
	.max = 1,
	.run = reset,
};
