// SPDX-License-Identifier: MIT
/*
 * barlease revoke: take leases back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <barlease.h>

#include "../broker/base/duration.h"
#include "broker.h"
#include "number.h"
#include "sysfs.h"

/* Instead of numbers */
#define WHICH		(OPT_ALL_LEASES | OPT_DEVICE | OPT_OF_SLICE | OPT_UID)

#define REQUEST_SIZE	(BARLEASE_NAME_MAX + 32)

/* " grace=5000", or nothing where none is given */
struct grace {
	char words[32];
};

static int revoke_one(const struct verb *verb, struct admin *admin,
		      const char *id, const struct grace *grace)
{
	uint64_t number;
	char request[64];

	if (!parse_number(id, UINT32_MAX, &number))
		return misused(verb, "\"%s\" is no lease's number; 'barlease ps' shows them",
			       id);
	snprintf(request, sizeof(request), "revoke id=%" PRIu64 "%s", number,
		 grace->words);
	return broker_order(verb, admin, request);
}

/* All of them, whatever becomes of one */
static int revoke_each(const struct verb *verb, struct admin *admin, int argc,
		       char **argv, const struct grace *grace)
{
	int i, one, ret = EXIT_SUCCESS;

	for (i = 0; i < argc; i++) {
		one = revoke_one(verb, admin, argv[i], grace);
		if (one)
			ret = one;
	}
	return ret;
}

/* Of a request there is one line: a name is one word of it. */
static bool is_word(const char *text)
{
	return *text && strlen(text) < BARLEASE_NAME_MAX &&
	       !text[strcspn(text, " \t\n\r=")];
}

/* Return: an exit status; @request is what the options ask for */
static int wanted(const struct verb *verb, const struct options *options,
		  char request[REQUEST_SIZE])
{
	char bdf[BDF_SIZE];
	uint64_t uid;

	if (options->given & OPT_ALL_LEASES) {
		snprintf(request, REQUEST_SIZE, "revoke all=yes");
	} else if (options->given & OPT_UID) {
		if (!parse_number(options->uid, UINT32_MAX, &uid))
			return misused(verb, "\"%s\" is no uid, as 1000 is one",
				       options->uid);
		snprintf(request, REQUEST_SIZE, "revoke uid=%" PRIu64, uid);
	} else if (options->given & OPT_OF_SLICE) {
		if (!is_word(options->slice))
			return misused(verb, "\"%s\" is no slice's name",
				       options->slice);
		snprintf(request, REQUEST_SIZE, "revoke slice=%s",
			 options->slice);
	} else {
		if (barlease_pci_address(options->device, bdf))
			return misused(verb, "\"%s\" is no PCI address, as 0000:03:00.0 is one",
				       options->device);
		snprintf(request, REQUEST_SIZE, "revoke device=%s", bdf);
	}
	return EXIT_SUCCESS;
}

static int wanted_grace(const struct verb *verb, const struct options *options,
			struct grace *grace)
{
	uint64_t milliseconds;

	*grace = (struct grace){ "" };
	if (!options->grace)
		return EXIT_SUCCESS;
	if (duration_parse(options->grace, &milliseconds))
		return misused(verb, "\"%s\" is no time; " DURATION_EXAMPLES
				     " are, and 0", options->grace);
	snprintf(grace->words, sizeof(grace->words), " grace=%" PRIu64 "ms",
		 milliseconds);
	return EXIT_SUCCESS;
}

static int revoke_wanted(const struct verb *verb, struct admin *admin,
			 const char *which, const struct grace *grace)
{
	char request[REQUEST_SIZE + sizeof(grace->words)];
	uint64_t nr;
	int ret;

	snprintf(request, sizeof(request), "%s%s", which, grace->words);
	ret = broker_order(verb, admin, request);
	if (ret)
		return ret;
	nr = admin_told(admin, "leases");
	printf("%" PRIu64 " lease%s revoked\n", nr, nr == 1 ? "" : "s");
	return EXIT_SUCCESS;
}

static int revoke(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	unsigned int which = options->given & WHICH;
	char request[REQUEST_SIZE];
	struct admin *admin;
	struct grace grace;
	int ret;

	if (!argc != !!which || which & (which - 1))
		return misused(verb, "name leases by their numbers, or by one of the options");
	ret = wanted_grace(verb, options, &grace);
	if (!ret && which)
		ret = wanted(verb, options, request);
	if (!ret)
		ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	if (which)
		ret = revoke_wanted(verb, admin, request, &grace);
	else
		ret = revoke_each(verb, admin, argc, argv, &grace);
	admin_close(admin);
	return ret;
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
	.takes = OPT_ADMIN | OPT_GRACE | WHICH,
	.max = -1,
	.run = revoke,
};
