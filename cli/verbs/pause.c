// SPDX-License-Identifier: MIT
/*
 * barlease pause, barlease resume: leases whose accesses wait
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "which.h"

static int pause_them(const struct verb *verb, const struct options *options,
		      int argc, char **argv)
{
	const struct which_order what = {
		.order = "pause",
		.done = "paused",
		.key = "for",
		.time = options->term,
		.least = 1,
	};

	return which_order(verb, options, &what, argc, argv);
}

static int resume_them(const struct verb *verb, const struct options *options,
		       int argc, char **argv)
{
	const struct which_order what = {
		.order = "resume",
		.done = "resumed",
	};

	return which_order(verb, options, &what, argc, argv);
}

const struct verb pause_verb = {
	.name = "pause",
	.operands = "[LEASE...]",
	.summary = "have accesses to leases wait",
	.details =
"LEASE is the number that 'ps' shows; or all those of one kind are paused. When this\n"
"ends, no process reaches the device through them: an access waits until 'resume',\n"
"until the time of --for is over, or until the lease is revoked, which is SIGBUS.\n"
"Holders can be killed, and interrupted by signals, meanwhile; system calls that are\n"
"given such memory fail (EFAULT). Asks barleased, for root only.\n",
	.examples =
"  barlease pause 12\n"
"  barlease pause --slice doorbell --for 2s\n"
"  barlease pause --device 0000:03:00.0\n",
	.takes = OPT_ADMIN | OPT_FOR | WHICH_OPTIONS,
	.max = -1,
	.run = pause_them,
};

const struct verb resume_verb = {
	.name = "resume",
	.operands = "[LEASE...]",
	.summary = "have them go on",
	.details =
"The end of 'pause'. To resume what is not paused is no error. Asks barleased, for\n"
"root only.\n",
	.examples =
"  barlease resume 12\n"
"  barlease resume --all\n",
	.takes = OPT_ADMIN | WHICH_OPTIONS,
	.max = -1,
	.run = resume_them,
};
