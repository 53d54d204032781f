// SPDX-License-Identifier: MIT
/*
 * barlease revoke: take leases back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker.h"
#include "number.h"

static int revoke_one(const struct verb *verb, struct admin *admin,
		      const char *id)
{
	struct records answer;
	uint64_t number;
	char request[32];
	int ret;

	if (!parse_number(id, UINT32_MAX, &number))
		return misused(verb, "\"%s\" is no lease's number; 'barlease ps' shows them",
			       id);
	snprintf(request, sizeof(request), "revoke id=%" PRIu64, number);
	ret = broker_ask(verb, admin, request, &answer);
	if (!ret)
		records_free(&answer);
	return ret;
}

static int revoke(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	struct admin *admin;
	int i, one, ret = EXIT_SUCCESS;

	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	for (i = 0; i < argc; i++) {
		one = revoke_one(verb, admin, argv[i]);
		if (one)
			ret = one;
	}
	admin_close(admin);
	return ret;
}

const struct verb revoke_verb = {
	.name = "revoke",
	.operands = "LEASE...",
	.summary = "take leases back",
	.details =
"LEASE is the number that 'ps' shows. When this ends, nobody reaches the device\n"
"through the lease any more: an access ends in SIGBUS. Asks barleased, for root\n"
"only.\n",
	.examples =
"  barlease revoke 12\n"
"  barlease ps --json | jq '.leases[] | select(.uid == 1001).id' | xargs barlease revoke\n",
	.takes = OPT_ADMIN,
	.min = 1,
	.max = -1,
	.run = revoke,
};
