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

struct admin *broker_connect(const struct verb *verb,
			     const struct options *options)
{
	struct admin *admin;
	int ret;

	ret = admin_connect(options->admin, &admin);
	if (!ret)
		return admin;
	failed(verb, "%s: %s%s", options->admin, strerror(-ret), advice(ret));
	return NULL;
}

void broker_complain(const struct verb *verb, const struct admin *admin,
		     int error)
{
	if (error == -EREMOTEIO)
		failed(verb, "%s", admin_error(admin));
	else if (error == -ECONNRESET)
		failed(verb, "barleased is gone");
	else if (error == -EPROTO)
		failed(verb, "the broker's answer makes no sense; is it of another version?");
	else
		failed(verb, "%s", strerror(-error));
}

bool broker_ask(const struct verb *verb, struct admin *admin,
		const char *request, struct records *records)
{
	int ret;

	ret = admin_ask(admin, request, records);
	if (ret)
		broker_complain(verb, admin, ret);
	return !ret;
}

static int by_id(const void *a, const void *b)
{
	uint64_t left = record_number(a, "id"), right = record_number(b, "id");

	return left < right ? -1 : left > right;
}

bool broker_ask_leases(const struct verb *verb, struct admin *admin,
		       struct records *records)
{
	if (!broker_ask(verb, admin, "leases", records))
		return false;
	if (records->nr)
		qsort(records->record, records->nr, sizeof(*records->record),
		      by_id);
	return true;
}
