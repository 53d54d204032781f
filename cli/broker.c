// SPDX-License-Identifier: MIT
/*
 * What verbs ask the broker, with messages for what goes wrong
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"

static const char *advice(int error)
{
	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		return "; is barleased running?";
	case -EACCES:
		return "; only root may";
	default:
		return "";
	}
}

int broker_connect_failed(const struct verb *verb,
			  const struct options *options, int error)
{
	return failed_by(verb, error, "%s: %s%s", options->admin,
			 strerror(-error), advice(error));
}

int broker_connect(const struct verb *verb, const struct options *options,
		   struct admin **admin)
{
	int ret;

	ret = admin_connect(options->admin, admin);
	return ret ? broker_connect_failed(verb, options, ret) : EXIT_SUCCESS;
}

int broker_complain(const struct verb *verb, const struct admin *admin,
		    int error)
{
	if (*admin_error(admin))
		return failed_by(verb, error, "%s", admin_error(admin));
	if (error == -ECONNRESET)
		return failed(verb, "barleased is gone");
	if (error == -EPROTO)
		return failed(verb, "the broker's answer makes no sense; is it of %s",
			      "another version?");
	return failed_by(verb, error, "%s", strerror(-error));
}

int broker_ask(const struct verb *verb, struct admin *admin,
	       const char *request, struct records *records)
{
	int ret;

	ret = admin_ask(admin, request, records);
	return ret ? broker_complain(verb, admin, ret) : EXIT_SUCCESS;
}

int broker_show(const struct verb *verb, const struct options *options,
		const char *request, int (*table)(const struct records *records),
		void (*json)(const struct records *records))
{
	struct records answer;
	struct admin *admin;
	int ret, error = 0;

	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = broker_ask(verb, admin, request, &answer);
	admin_close(admin);
	if (ret)
		return ret;
	if (options->given & OPT_JSON)
		json(&answer);
	else
		error = table(&answer);
	records_free(&answer);
	return error ? failed(verb, "%s", strerror(-error)) : EXIT_SUCCESS;
}

int broker_order(const struct verb *verb, struct admin *admin,
		 const char *request)
{
	struct records none;
	int ret;

	ret = broker_ask(verb, admin, request, &none);
	if (!ret)
		records_free(&none);
	return ret;
}

static int by_id(const void *a, const void *b)
{
	uint64_t left = record_number(a, "id"), right = record_number(b, "id");

	return left < right ? -1 : left > right;
}

int broker_ask_leases(const struct verb *verb, struct admin *admin,
		      struct records *records)
{
	int ret;

	ret = broker_ask(verb, admin, "leases", records);
	if (!ret && records->nr)
		qsort(records->record, records->nr, sizeof(*records->record),
		      by_id);
	return ret;
}
