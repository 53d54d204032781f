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

#define MORE_SIZE	32
#define REQUEST_SIZE	(BARLEASE_NAME_MAX + 32 + MORE_SIZE)

/* @more: " grace=5000ms", or "" where no time is given. Return: an exit status */
static int more_of(const struct verb *verb, const struct which_order *what,
		   char more[MORE_SIZE])
{
	uint64_t milliseconds;

	*more = '\0';
	if (!what->time)
		return EXIT_SUCCESS;
	if (duration_parse(what->time, &milliseconds) ||
	    milliseconds < what->least)
		return what->least ? misused(verb, "\"%s\" is no time; "
						   DURATION_EXAMPLES " are",
					     what->time) :
				     misused(verb, "\"%s\" is no time; "
						   DURATION_EXAMPLES " are, and 0",
					     what->time);
	snprintf(more, MORE_SIZE, " %s=%" PRIu64 "ms", what->key, milliseconds);
	return EXIT_SUCCESS;
}

static int order_one(const struct verb *verb, struct admin *admin,
		     const struct which_order *what, const char *more,
		     const char *id)
{
	char request[REQUEST_SIZE];
	uint64_t number;

	if (!parse_number(id, UINT32_MAX, &number))
		return misused(verb, "\"%s\" is no lease's number; 'barlease ps' shows them",
			       id);
	snprintf(request, sizeof(request), "%s id=%" PRIu64 "%s", what->order,
		 number, more);
	return broker_order(verb, admin, request);
}

/* All of them, whatever becomes of one */
static int order_each(const struct verb *verb, struct admin *admin,
		      const struct which_order *what, const char *more,
		      int argc, char **argv)
{
	int i, one, ret = EXIT_SUCCESS;

	for (i = 0; i < argc; i++) {
		one = order_one(verb, admin, what, more, argv[i]);
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
		      const struct which_order *what, const char *more,
		      char request[REQUEST_SIZE])
{
	char bdf[BDF_SIZE];
	uint64_t uid;

	if (options->given & OPT_ALL_LEASES) {
		snprintf(request, REQUEST_SIZE, "%s all=yes%s", what->order,
			 more);
	} else if (options->given & OPT_UID) {
		if (!parse_number(options->uid, UINT32_MAX, &uid))
			return misused(verb, "\"%s\" is no uid, as 1000 is one",
				       options->uid);
		snprintf(request, REQUEST_SIZE, "%s uid=%" PRIu64 "%s",
			 what->order, uid, more);
	} else if (options->given & OPT_OF_SLICE) {
		if (!is_word(options->slice))
			return misused(verb, "\"%s\" is no slice's name",
				       options->slice);
		snprintf(request, REQUEST_SIZE, "%s slice=%s%s", what->order,
			 options->slice, more);
	} else {
		if (barlease_pci_address(options->device, bdf))
			return misused(verb, "\"%s\" is no PCI address, as 0000:03:00.0 is one",
				       options->device);
		snprintf(request, REQUEST_SIZE, "%s device=%s%s", what->order,
			 bdf, more);
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
	char request[REQUEST_SIZE], more[MORE_SIZE];
	struct admin *admin;
	int ret;

	if (!argc != !!which || which & (which - 1))
		return misused(verb, "name leases by their numbers, or by one of the options");
	ret = more_of(verb, what, more);
	if (!ret && which)
		ret = request_of(verb, options, what, more, request);
	if (!ret)
		ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = which ? order_all(verb, admin, what, request) :
		      order_each(verb, admin, what, more, argc, argv);
	admin_close(admin);
	return ret;
}
