// SPDX-License-Identifier: MIT
/*
 * barlease devices: those of barleased, and whether they are there
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "json.h"
#include "table.h"

/* An older broker names those only that it has open. */
static const char *state_of(const struct record *device)
{
	const char *state = record_get(device, "state");

	return *state ? state : "open";
}

static int print_table(const struct records *devices)
{
	static const char *const headings[] = { "DEVICE", "STATE", "WHY", NULL };
	struct table *table = table_new(headings);
	const struct record *device;
	struct words why;
	size_t i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < devices->nr; i++) {
		device = &devices->record[i];
		why = record_words(device, "why");
		table_add(table, "%s", record_get(device, "name"));
		table_add(table, "%s", state_of(device));
		table_add(table, "%s", *why.text ? why.text : "-");
	}
	table_print(table, stdout);
	table_free(table);
	return 0;
}

static void print_json(const struct records *devices)
{
	const struct record *device;
	struct json_object *object;
	size_t i;

	json_begin("devices");
	for (i = 0; i < devices->nr; i++) {
		device = &devices->record[i];
		object = json_new();
		json_put_text(object, "device", record_get(device, "name"));
		json_put_text(object, "state", state_of(device));
		json_put_text(object, "why", record_words(device, "why").text);
		json_item(object);
	}
	json_end();
}

static int devices(const struct verb *verb, const struct options *options,
		   int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return broker_show(verb, options, "devices", print_table, print_json);
}

const struct verb devices_verb = {
	.name = "devices",
	.operands = "",
	.summary = "show barleased's devices, and which of them are away",
	.details =
"A device that is away is taken when it appears; until then there are no leases\n"
"of it. Asks barleased, for root only.\n",
	.examples =
"  barlease devices\n"
"  barlease devices --json | jq -r '.devices[] | select(.state == \"away\").device'\n",
	.takes = OPT_ADMIN | OPT_JSON,
	.run = devices,
};
