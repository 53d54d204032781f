// SPDX-License-Identifier: MIT
/*
 * Orders about leases: those of some numbers, or all of one kind
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
#include "which.h"

#define REQUEST_SIZE	(BARLEASE_NAME_MAX + 64)

static int order_one(const struct verb *verb, struct admin *admin,
		     const struct which_order *what, const char *id)
{
	char request[REQUEST_SIZE];
	uint64_t number;

	if (!parse_number(id, UINT32_MAX, &number))
		return misused(verb, "\"%s\" is no lease's number; 'barlease ps' shows them",
			       id);
	snprintf(request, sizeof(request), "%s id=%" PRIu64 "%s", what->order,
		 number, what->more);
	return broker_order(verb, admin, request);
}

/* All of them, whatever becomes of one */
static int order_each(const struct verb *verb, struct admin *admin,
		      const struct which_order *what, int argc, char **argv)
{
	int i, one, ret = EXIT_SUCCESS;

	for (i = 0; i < argc; i++) {
		one = order_one(verb, admin, what, argv[i]);
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
static int request_of(const struct verb *verb, const struct options *options,
		      const struct which_order *what,
		      char request[REQUEST_SIZE])
{
	char bdf[BDF_SIZE];
	uint64_t uid;

	if (options->given & OPT_ALL_LEASES) {
		snprintf(request, REQUEST_SIZE, "%s all=yes%s", what->order,
			 what->more);
	} else if (options->given & OPT_UID) {
		if (!parse_number(options->uid, UINT32_MAX, &uid))
			return misused(verb, "\"%s\" is no uid, as 1000 is one",
				       options->uid);
		snprintf(request, REQUEST_SIZE, "%s uid=%" PRIu64 "%s",
			 what->order, uid, what->more);
	} else if (options->given & OPT_OF_SLICE) {
		if (!is_word(options->slice))
			return misused(verb, "\"%s\" is no slice's name",
				       options->slice);
		snprintf(request, REQUEST_SIZE, "%s slice=%s%s", what->order,
			 options->slice, what->more);
	} else {
		if (barlease_pci_address(options->device, bdf))
			return misused(verb, "\"%s\" is no PCI address, as 0000:03:00.0 is one",
				       options->device);
		snprintf(request, REQUEST_SIZE, "%s device=%s%s", what->order,
			 bdf, what->more);
	}
	return EXIT_SUCCESS;
}

static int order_all(const struct verb *verb, struct admin *admin,
		     const struct which_order *what, const char *request)
{
	uint64_t nr;
	int ret;

	ret = broker_order(verb, admin, request);
	if (ret)
		return ret;
	nr = admin_told(admin, "leases");
	printf("%" PRIu64 " lease%s %s\n", nr, nr == 1 ? "" : "s", what->done);
	return EXIT_SUCCESS;
}

int which_order(const struct verb *verb, const struct options *options,
		const struct which_order *what, int argc, char **argv)
{
	unsigned int which = options->given & WHICH_OPTIONS;
	char request[REQUEST_SIZE];
	struct admin *admin;
	int ret = EXIT_SUCCESS;

	if (!argc != !!which || which & (which - 1))
		return misused(verb, "name leases by their numbers, or by one of the options");
	if (which)
		ret = request_of(verb, options, what, request);
	if (!ret)
		ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = which ? order_all(verb, admin, what, request) :
		      order_each(verb, admin, what, argc, argv);
	admin_close(admin);
	return ret;
}

int which_time(const struct verb *verb, const char *option, const char *name,
	       uint64_t least, struct which_time *time)
{
	uint64_t milliseconds;

	*time = (struct which_time){ "" };
	if (!option)
		return EXIT_SUCCESS;
	if (duration_parse(option, &milliseconds) || milliseconds < least)
		return least ? misused(verb, "\"%s\" is no time; "
					     DURATION_EXAMPLES " are", option) :
			       misused(verb, "\"%s\" is no time; "
					     DURATION_EXAMPLES " are, and 0",
				       option);
	snprintf(time->words, sizeof(time->words), " %s=%" PRIu64 "ms", name,
		 milliseconds);
	return EXIT_SUCCESS;
}
