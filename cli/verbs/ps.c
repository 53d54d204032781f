// SPDX-License-Identifier: MIT
/*
 * barlease ps: leases, and the processes that hold them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "json.h"
#include "proc.h"
#include "size.h"
#include "table.h"

struct holdings {
	struct holding *holding;
	size_t nr;
};

static const char *how(const struct holding *holding)
{
	if (!holding->map)
		return "fd";
	return holding->fd ? "fd+map" : "map";
}

/* "163 worker (fd+map), 164 worker (map)" */
static void add_holders(struct table *table, const struct holdings *holdings,
			uint64_t inode)
{
	const struct holding *holding;
	char text[512] = "-";
	size_t at = 0, i;

	for (i = 0; i < holdings->nr && at < sizeof(text); i++) {
		holding = &holdings->holding[i];
		if (holding->inode == inode)
			at += snprintf(text + at, sizeof(text) - at,
				       "%s%d %s (%s)", at ? ", " : "",
				       holding->process.pid,
				       holding->process.name, how(holding));
	}
	table_add(table, "%s", text);
}

static int print_table(const struct records *leases,
		       const struct holdings *holdings)
{
	static const char *const headings[] = {
		">LEASE", "SLICE", "DEVICE", ">BAR", ">SIZE", "ACCESS",
		"MEMATTR", ">UID", "HELD BY", NULL,
	};
	struct table *table = table_new(headings);
	const struct record *lease;
	size_t i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < leases->nr; i++) {
		lease = &leases->record[i];
		table_add(table, "%s", record_get(lease, "id"));
		table_add(table, "%s", record_get(lease, "slice"));
		table_add(table, "%s", record_get(lease, "device"));
		table_add(table, "%s", record_get(lease, "bar"));
		table_add(table, "%s",
			  size_text(record_number(lease, "size")).text);
		table_add(table, "%s", record_get(lease, "access"));
		table_add(table, "%s", record_get(lease, "memattr"));
		table_add(table, "%s", record_get(lease, "uid"));
		add_holders(table, holdings, record_number(lease, "inode"));
	}
	table_print(table, stdout);
	table_free(table);
	return 0;
}

static void holders_to_json(const struct holdings *holdings, uint64_t inode,
			    struct json_object *list)
{
	const struct holding *holding;
	struct json_object *object;
	size_t i;

	for (i = 0; i < holdings->nr; i++) {
		holding = &holdings->holding[i];
		if (holding->inode != inode)
			continue;
		object = json_append(list);
		json_put_number(object, "pid", holding->process.pid);
		json_put_text(object, "name", holding->process.name);
		json_put_bool(object, "fd", holding->fd);
		json_put_bool(object, "map", holding->map);
	}
}

static void print_json(const struct records *leases,
		       const struct holdings *holdings)
{
	static const char *const numbers[] = {
		"id", "bar", "size", "uid", "gid", "pid", "since",
	};
	static const char *const texts[] = {
		"slice", "device", "access", "memattr",
	};
	struct json_object *answer = json_new();
	struct json_object *list = json_list(answer, "leases");
	struct json_object *object;
	const struct record *lease;
	size_t i, j;

	for (i = 0; i < leases->nr; i++) {
		lease = &leases->record[i];
		object = json_append(list);
		for (j = 0; j < sizeof(numbers) / sizeof(*numbers); j++)
			json_put_number(object, numbers[j],
					record_number(lease, numbers[j]));
		for (j = 0; j < sizeof(texts) / sizeof(*texts); j++)
			json_put_text(object, texts[j],
				      record_get(lease, texts[j]));
		holders_to_json(holdings, record_number(lease, "inode"),
				json_list(object, "held_by"));
	}
	json_print(answer);
}

static int print_leases(const struct verb *verb, const struct options *options,
			const struct records *leases)
{
	struct holdings holdings;
	int ret;

	ret = proc_dmabufs("", &holdings.holding, &holdings.nr);
	if (ret)
		return failed(verb, "/proc: %s", strerror(-ret));
	if (options->given & OPT_JSON)
		print_json(leases, &holdings);
	else
		ret = print_table(leases, &holdings);
	free(holdings.holding);
	return ret ? failed(verb, "%s", strerror(-ret)) : EXIT_SUCCESS;
}

static int ps(const struct verb *verb, const struct options *options, int argc,
	      char **argv)
{
	struct records leases;
	struct admin *admin;
	int ret = EXIT_FAILURE;

	(void)argc;
	(void)argv;
	admin = broker_connect(verb, options);
	if (!admin)
		return EXIT_FAILURE;
	if (broker_ask_leases(verb, admin, &leases)) {
		ret = print_leases(verb, options, &leases);
		records_free(&leases);
	}
	admin_close(admin);
	return ret;
}

const struct verb ps_verb = {
	.name = "ps",
	.operands = "",
	.summary = "show every lease, and the processes that hold it",
	.details =
"UID is whose lease it is. A process holds it that has its file descriptor open\n"
"(fd), or has it mapped (map), wherever it has it from; barleased keeps an fd of\n"
"each for itself. Asks barleased, for root only.\n",
	.examples =
"  barlease ps\n"
"  barlease ps --json | jq '.leases[] | {slice, pids: [.held_by[].pid]}'\n",
	.takes = OPT_ADMIN | OPT_JSON,
	.run = ps,
};
