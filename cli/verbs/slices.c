// SPDX-License-Identifier: MIT
/*
 * barlease slices: what this user may lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "lease.h"
#include "size.h"
#include "table.h"

static void add_row(struct table *table,
		    const struct barlease_slice_info *slice)
{
	table_add(table, "%s", slice->name);
	table_add(table, "%s", slice->group[0] ? slice->group : "-");
	table_add(table, "%s", size_text(slice->size).text);
	table_add(table, "%s", access_name(slice->flags));
	table_add(table, "%s", memattr_name(slice->memattr));
	table_add(table, "%s",
		  slice->flags & BARLEASE_EXCLUSIVE ? "yes" : "no");
	if (slice->free == UINT32_MAX)
		table_add(table, "any");
	else
		table_add(table, "%" PRIu32, slice->free);
}

static int print_table(const struct barlease_slice_info *slices, size_t nr)
{
	static const char *const headings[] = {
		"SLICE", "GROUP", ">SIZE", "ACCESS", "MEMATTR", "EXCLUSIVE",
		">FREE", NULL,
	};
	struct table *table = table_new(headings);
	size_t i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		add_row(table, &slices[i]);
	table_print(table, stdout);
	table_free(table);
	return 0;
}

static void print_json(const struct barlease_slice_info *slices, size_t nr)
{
	struct json_object *answer = json_new();
	struct json_object *list = json_list(answer, "slices");
	struct json_object *slice;
	size_t i;

	for (i = 0; i < nr; i++) {
		slice = json_append(list);
		json_put_text(slice, "slice", slices[i].name);
		json_put_text(slice, "group", slices[i].group);
		json_put_number(slice, "size", slices[i].size);
		json_put_text(slice, "access", access_name(slices[i].flags));
		json_put_text(slice, "memattr", memattr_name(slices[i].memattr));
		json_put_bool(slice, "exclusive",
			      slices[i].flags & BARLEASE_EXCLUSIVE);
		if (slices[i].free == UINT32_MAX)
			json_put_text(slice, "free", NULL);
		else
			json_put_number(slice, "free", slices[i].free);
	}
	json_print(answer);
}

static int slices(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	struct barlease_slice_info *list = NULL;
	struct barlease_client *client;
	size_t nr;
	int ret;

	(void)argc;
	(void)argv;
	ret = lease_connect(verb, options, &client);
	if (ret)
		return ret;
	ret = barlease_client_list(client, &list, &nr);
	if (!ret && options->given & OPT_JSON)
		print_json(list, nr);
	else if (!ret)
		ret = print_table(list, nr);
	free(list);
	barlease_client_close(client);
	return ret ? failed_by(verb, ret, "%s", strerror(-ret)) : EXIT_SUCCESS;
}

const struct verb slices_verb = {
	.name = "slices",
	.operands = "",
	.summary = "show the slices that you may lease",
	.details =
"Asks whoever vends them, as the user that it runs as. FREE is how many more\n"
"leases of a slice there can be now.\n",
	.examples =
"  barlease slices\n"
"  barlease slices --json | jq -r '.slices[].slice'\n",
	.takes = OPT_JSON | OPT_SOCKET,
	.run = slices,
};
