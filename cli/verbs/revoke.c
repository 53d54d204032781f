// SPDX-License-Identifier: MIT
/*
 * barlease revoke: take leases back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "which.h"

static int revoke(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	const struct which_order what = {
		.order = "revoke",
		.done = "revoked",
		.key = "grace",
		.time = options->grace,
	};

	return which_order(verb, options, &what, argc, argv);
}

const struct verb revoke_verb = {
	.name = "revoke",
	.operands = "[LEASE...]",
	.summary = "take leases back",
	.details =
"LEASE is the number that 'ps' shows; or all those of one kind are taken back.\n"
"When this ends, nobody reaches the device through them any more: an access ends\n"
"in SIGBUS. With --grace, or where the slice has grace=, holders are told first, may\n"
"finish and give it back; when that time is over it is taken. Asks barleased, for\n"
"root only.\n",
	.examples =
"  barlease revoke 12\n"
"  barlease revoke 12 --grace 5s\n"
"  barlease revoke --uid 1001\n"
"  barlease revoke --device 0000:03:00.0\n"
"  barlease ps --json | jq '.leases[] | select(.uid == 1001).id' | xargs barlease revoke\n",
	.takes = OPT_ADMIN | OPT_GRACE | WHICH_OPTIONS,
	.max = -1,
	.run = revoke,
};
