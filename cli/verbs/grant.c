// SPDX-License-Identifier: MIT
/*
 * barlease grant, grants, ungrant: sockets for one user, or for one container
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <barlease.h>

#include "grants.h"
#include "json.h"
#include "table.h"

/* Of a request there is one line: a name is one word of it. */
static bool is_word(const char *text)
{
	return *text && strlen(text) < BARLEASE_NAME_MAX &&
	       !text[strcspn(text, " \t\n\r=,")];
}

/* With commas between them, for free() in any case. Return: an exit status */
static int join(const struct verb *verb, int argc, char **argv, char **list)
{
	char *more;

	*list = NULL;
	for (int i = 0; i < argc; i++) {
		if (!is_word(argv[i]))
			return misused(verb,
				       "\"%s\" is no name of a slice; 'barlease slices --all' shows them",
				       argv[i]);
		if (asprintf(&more, "%s%s%s", *list ?: "", i ? "," : "",
			     argv[i]) < 0)
			more = NULL;
		free(*list);
		*list = more;
		if (!more)
			return failed(verb, "%s", strerror(ENOMEM));
	}
	return EXIT_SUCCESS;
}

static int make(const struct verb *verb, const struct options *options,
		const struct grant *grant)
{
	struct admin *admin;
	int ret;

	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = grants_make(verb, admin, grant);
	if (!ret)
		puts(admin_told_text(admin, "path"));
	admin_close(admin);
	return ret;
}

static int grant(const struct verb *verb, const struct options *options,
		 int argc, char **argv)
{
	char *slices = NULL, *users = NULL;
	int ret = EXIT_SUCCESS;

	if (!is_word(argv[0]))
		return misused(verb,
			       "\"%s\" is no name for a grant; letters, digits, \".\", \"_\" and \"-\" are",
			       argv[0]);
	ret = join(verb, argc - 1, argv + 1, &slices);
	if (!ret && options->user)
		ret = grants_users(verb, options->user, &users);
	if (!ret)
		ret = make(verb, options, &(struct grant){
			.name = argv[0],
			.slices = slices,
			.users = users,
			.time = options->term,
		});
	free(users);
	free(slices);
	return ret;
}

const struct verb grant_verb = {
	.name = "grant",
	.operands = "NAME SLICE...",
	.summary = "make a socket where these slices are to be had",
	.details =
"A socket of its own, for a container say: whoever can connect to it may have leases\n"
"of SLICE, of any of them if it is a template, and of nothing else, whatever users=\n"
"says. Prints its path. Nobody but root gets there; the directory that it is in can be\n"
"mounted in a container. With --user, this user gets there, too, and only that user,\n"
"and the users of its user namespaces (/etc/subuid), are let in. It stays, also when\n"
"barleased starts again, until 'ungrant', until the time of --for is over, or until the\n"
"machine stops. Asks barleased, for root only.\n",
	.examples =
"  barlease grant web doorbell-0\n"
"  barlease grant builds window --user alice --for 2h\n",
	.takes = OPT_ADMIN | OPT_FOR | OPT_USER,
	.min = 2,
	.max = -1,
	.run = grant,
};

/* ---- What there is --------------------------------------------------------- */

static int print_table(const struct records *grants)
{
	static const char *const headings[] = {
		"GRANT", "SLICES", "?USERS", "PATH", NULL,
	};
	struct table *table = table_new(headings);

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < grants->nr; i++) {
		const struct record *grant = &grants->record[i];

		table_add(table, "%s", record_get(grant, "name"));
		table_add(table, "%s", record_get(grant, "slices"));
		table_add(table, "%s", record_get(grant, "users"));
		table_add(table, "%s", record_get(grant, "path"));
	}
	table_print(table, stdout);
	table_free(table);
	return 0;
}

/* "A,B" as a list */
static void put_list(struct json_object *object, const char *key,
		     const char *text)
{
	struct json_object *list = json_object_new_array();
	size_t length;

	json_object_object_add(object, key, list);
	while (*text) {
		length = strcspn(text, ",");
		json_object_array_add(list, json_object_new_string_len(text, length));
		text += length + (text[length] == ',');
	}
}

static void print_json(const struct records *grants)
{
	json_begin("grants");
	for (size_t i = 0; i < grants->nr; i++) {
		const struct record *grant = &grants->record[i];
		struct json_object *object = json_new();

		json_put_text(object, "grant", record_get(grant, "name"));
		json_put_text(object, "path", record_get(grant, "path"));
		put_list(object, "slices", record_get(grant, "slices"));
		put_list(object, "users", record_get(grant, "users"));
		if (record_number(grant, "ends"))
			json_put_number(object, "ends",
					record_number(grant, "ends"));
		else
			json_put_text(object, "ends", NULL);
		json_item(object);
	}
	json_end();
}

static int grants(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return broker_show(verb, options, "grants", print_table, print_json);
}

const struct verb grants_verb = {
	.name = "grants",
	.operands = "",
	.summary = "show the sockets that 'grant' has made",
	.details =
"Which slices are to be had there, by whom if not by all who can connect, and where\n"
"they are; a path of - is a socket that barleased could not make again, and its journal\n"
"says why. Asks barleased, for root only.\n",
	.examples =
"  barlease grants\n"
"  barlease grants --json | jq -r '.grants[].path'\n",
	.takes = OPT_ADMIN | OPT_JSON,
	.run = grants,
};

/* ---- The end ---------------------------------------------------------------- */

static int end_one(const struct verb *verb, struct admin *admin,
		   const char *name)
{
	char request[BARLEASE_NAME_MAX + 32];
	uint64_t leases;
	int ret;

	if (!is_word(name))
		return misused(verb, "\"%s\" is no name of a grant; 'barlease grants' shows them",
			       name);
	snprintf(request, sizeof(request), "ungrant name=%s", name);
	ret = broker_order(verb, admin, request);
	leases = admin_told(admin, "leases");
	if (!ret && leases)
		note(verb, "%s had %u lease%s, which %s revoked", name,
		     (unsigned int)leases, leases == 1 ? "" : "s",
		     leases == 1 ? "was" : "were");
	return ret;
}

/* All of them, whatever becomes of one */
static int ungrant(const struct verb *verb, const struct options *options,
		   int argc, char **argv)
{
	struct admin *admin;
	int one, ret;

	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	for (int i = 0; i < argc; i++) {
		one = end_one(verb, admin, argv[i]);
		if (one)
			ret = one;
	}
	admin_close(admin);
	return ret;
}

const struct verb ungrant_verb = {
	.name = "ungrant",
	.operands = "NAME...",
	.summary = "take them away, with all that was had there",
	.details =
"The socket goes, whoever has connected to it is hung up on, and the leases that were\n"
"had there are revoked before this ends. Asks barleased, for root only.\n",
	.examples =
"  barlease ungrant web\n",
	.takes = OPT_ADMIN,
	.min = 1,
	.max = -1,
	.run = ungrant,
};
