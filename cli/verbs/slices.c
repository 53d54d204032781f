// SPDX-License-Identifier: MIT
/*
 * barlease slices: what this user may lease, or what there is
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "json.h"
#include "lease.h"
#include "queue.h"
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
	if (slice->interrupts)
		table_add(table, "%u", slice->interrupts);
	else
		table_add(table, "%s", "");
	table_add(table, "%s", slice->dma ? size_text(slice->dma).text : "");
	if (slice->free == UINT32_MAX)
		table_add(table, "any");
	else
		table_add(table, "%" PRIu32, slice->free);
}

static int print_table(const struct barlease_slice_info *slices, size_t nr)
{
	static const char *const headings[] = {
		"SLICE", "GROUP", ">SIZE", "ACCESS", "MEMATTR", "EXCLUSIVE",
		QUEUE_HEADINGS, ">FREE", NULL,
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
	struct json_object *slice;
	size_t i;

	json_begin("slices");
	for (i = 0; i < nr; i++) {
		slice = json_new();
		json_put_text(slice, "slice", slices[i].name);
		json_put_text(slice, "group", slices[i].group);
		json_put_number(slice, "size", slices[i].size);
		json_put_text(slice, "access", access_name(slices[i].flags));
		json_put_text(slice, "memattr", memattr_name(slices[i].memattr));
		json_put_bool(slice, "exclusive",
			      slices[i].flags & BARLEASE_EXCLUSIVE);
		json_put_number(slice, "interrupts", slices[i].interrupts);
		json_put_text(slice, "interrupt_kind",
			      interrupt_kind_name(slices[i].interrupt_kind));
		json_put_number(slice, "dma", slices[i].dma);
		if (slices[i].free == UINT32_MAX)
			json_put_text(slice, "free", NULL);
		else
			json_put_number(slice, "free", slices[i].free);
		json_item(slice);
	}
	json_end();
}

/* ---- Everybody's, as the administrator ---------------------------------- */

static const char *group_of(const struct record *slice)
{
	const char *group = record_get(slice, "group");

	return strcmp(group, "-") ? group : "";
}

/* There are many, so none is kept. */
static int record_to_json(struct record *record, void *data)
{
	static const char *const texts[] = {
		"device", "ranges", "access", "memattr",
	};
	static const char *const numbers[] = { "bar", "size", "holders" };
	const struct queue queue = queue_of(record);
	struct json_object *slice = json_new();
	size_t i;

	(void)data;
	json_put_text(slice, "slice", record_get(record, "name"));
	json_put_text(slice, "group", group_of(record));
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		json_put_text(slice, texts[i], record_get(record, texts[i]));
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		json_put_number(slice, numbers[i],
				record_number(record, numbers[i]));
	queue_slice_to_json(&queue, slice);
	json_put_bool(slice, "exclusive", record_number(record, "exclusive"));
	if (record_number(record, "max"))
		json_put_number(slice, "max", record_number(record, "max"));
	else
		json_put_text(slice, "max", NULL);
	json_item(slice);
	record_free(record);
	return 0;
}

static int record_to_row(struct record *record, void *data)
{
	struct table *table = data;
	const struct queue queue = queue_of(record);
	const char *group = group_of(record);
	uint64_t max = record_number(record, "max");

	table_add(table, "%s", record_get(record, "name"));
	table_add(table, "%s", *group ? group : "-");
	table_add(table, "%s", record_get(record, "device"));
	table_add(table, "%s", record_get(record, "bar"));
	table_add(table, "%s", size_text(record_number(record, "size")).text);
	table_add(table, "%s", record_get(record, "access"));
	table_add(table, "%s", record_get(record, "memattr"));
	table_add(table, "%s",
		  record_number(record, "exclusive") ? "yes" : "no");
	queue_add_slice(&queue, table);
	table_add(table, "%s", record_get(record, "holders"));
	if (max)
		table_add(table, "%" PRIu64, max);
	else
		table_add(table, "any");
	record_free(record);
	return 0;
}

static int all_to_table(struct admin *admin)
{
	static const char *const headings[] = {
		"SLICE", "GROUP", "DEVICE", ">BAR", ">SIZE", "ACCESS",
		"MEMATTR", "EXCLUSIVE", QUEUE_HEADINGS, ">HOLDERS",
		">MAX", NULL,
	};
	struct table *table = table_new(headings);
	int ret;

	if (!table)
		return -ENOMEM;
	ret = admin_ask_each(admin, "slices", record_to_row, table);
	if (!ret)
		table_print(table, stdout);
	table_free(table);
	return ret;
}

static int all_to_json(struct admin *admin)
{
	int ret;

	json_begin("slices");
	ret = admin_ask_each(admin, "slices", record_to_json, NULL);
	json_end();
	return ret;
}

static int all_slices(const struct verb *verb, const struct options *options)
{
	struct admin *admin;
	int ret;

	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = options->given & OPT_JSON ? all_to_json(admin) :
					  all_to_table(admin);
	if (ret)
		ret = broker_complain(verb, admin, ret);
	admin_close(admin);
	return ret;
}

/* ---- One's own ----------------------------------------------------------- */

static int slices(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	struct barlease_slice_info *list = NULL;
	struct barlease_client *client;
	size_t nr;
	int ret;

	(void)argc;
	(void)argv;
	if (options->given & OPT_ALL_SLICES)
		return all_slices(verb, options);
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
"leases of a slice there can be now. IRQS is how many interrupts go with it, DMA\n"
"how much memory the device may be let reach. With --all asks barleased, for\n"
"root only, and shows those of all users, how many hold each and how many may,\n"
"and which interrupts of the device IRQS are.\n",
	.examples =
"  barlease slices\n"
"  barlease slices --json | jq -r '.slices[].slice'\n"
"  barlease slices --all\n",
	.takes = OPT_ADMIN | OPT_ALL_SLICES | OPT_JSON | OPT_SOCKET,
	.run = slices,
};
