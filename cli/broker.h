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

/* All return an exit status; other than 0, it has been said why */
int broker_connect(const struct verb *verb, const struct options *options,
		   struct admin **admin);
/* Says why, after an error of admin_connect() */
int broker_connect_failed(const struct verb *verb,
			  const struct options *options, int error);
int broker_ask(const struct verb *verb, struct admin *admin,
	       const char *request, struct records *records);

/* A request whose answer has no lines */
int broker_order(const struct verb *verb, struct admin *admin,
		 const char *request);

/* Show what there is: @table returns 0 or -ENOMEM; @json is for --json */
int broker_show(const struct verb *verb, const struct options *options,
		const char *request, int (*table)(const struct records *records),
		void (*json)(const struct records *records));

/* The answer to "leases", by number */
int broker_ask_leases(const struct verb *verb, struct admin *admin,
		      struct records *records);

/* Says why the last one had none */
int broker_complain(const struct verb *verb, const struct admin *admin,
		    int error);

#endif
