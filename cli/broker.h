/* SPDX-License-Identifier: MIT */
/*
 * What verbs ask the broker, with messages for what goes wrong
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_BROKER_H
#define CLI_BROKER_H

#include "admin.h"
#include "cli.h"

/* NULL: there is no connection, and it has been said why not */
struct admin *broker_connect(const struct verb *verb,
			     const struct options *options);

/* false: there is no answer, and it has been said why not */
bool broker_ask(const struct verb *verb, struct admin *admin,
		const char *request, struct records *records);

/* The answer to "leases", by number */
bool broker_ask_leases(const struct verb *verb, struct admin *admin,
		       struct records *records);

/* Says why the last one had none */
void broker_complain(const struct verb *verb, const struct admin *admin,
		     int error);

#endif
