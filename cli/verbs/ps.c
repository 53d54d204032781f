// SPDX-License-Identifier: MIT
/*
 * barlease ps: leases, and the processes and devices that hold them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "importers.h"
#include "json.h"
#include "proc.h"
#include "queue.h"
#include "size.h"
#include "table.h"
#include "text.h"

/* By processes, in order of inodes; and by devices */
struct holdings {
	struct holding *holding;
	size_t nr;
	size_t hidden;		/* processes that nothing is known of */
	struct importers devices;
};

static const char *how(const struct holding *holding)
{
	if (!holding->map)
		return "fd";
	return holding->fd ? "fd+map" : "map";
}

static int by_inode(const void *a, const void *b)
{
	const struct holding *left = a, *right = b;

	if (left->inode != right->inode)
		return left->inode < right->inode ? -1 : 1;
	return left->process.pid - right->process.pid;
}

/* Where those of a DMABUF begin; they end with another inode, or with all */
static size_t first_of(const struct holdings *holdings, uint64_t inode)
{
	size_t from = 0, to = holdings->nr, middle;

	while (from < to) {
		middle = from + (to - from) / 2;
		if (holdings->holding[middle].inode < inode)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* "163 worker (fd+map), 0000:02:00.0 edu-accel (device, 1 mapping)" */
static void write_holders(const struct holdings *holdings, uint64_t inode,
			  FILE *to)
{
	const struct holding *holding;
	const struct importer *device;
	const char *comma = "";
	size_t i;

	for (i = first_of(holdings, inode); i < holdings->nr; i++) {
		holding = &holdings->holding[i];
		if (holding->inode != inode)
			break;
		fprintf(to, "%s%d %s (%s)", comma, holding->process.pid,
			holding->process.name, how(holding));
		comma = ", ";
	}
	for (i = 0; i < holdings->devices.nr; i++) {
		device = &holdings->devices.importer[i];
		if (device->inode != inode)
			continue;
		fprintf(to, "%s%s %s (device, %u mapping%s)", comma, device->bdf,
			device->driver, device->mappings,
			device->mappings == 1 ? "" : "s");
		comma = ", ";
	}
	if (!*comma)
		fputs("-", to);
}

/* However many there are */
static void add_holders(struct table *table, const struct holdings *holdings,
			uint64_t inode)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		err(EXIT_FAILURE, "holders");
	write_holders(holdings, inode, to);
	if (!text_close(to, &text))
		err(EXIT_FAILURE, "holders");
	table_add(table, "%s", text);
	free(text);
}

/* An older broker forgets a lease when it ends. */
static const char *state_of(const struct record *lease)
{
	const char *state = record_get(lease, "state");

	return *state ? state : "held";
}

static int print_table(const struct records *leases,
		       const struct holdings *holdings)
{
	static const char *const headings[] = {
		">LEASE", "STATE", "SLICE", "DEVICE", ">BAR", ">SIZE",
		"ACCESS", "MEMATTR", QUEUE_HEADINGS, ">UID", "HELD BY",
		NULL,
	};
	struct table *table = table_new(headings);
	const struct record *lease;
	struct queue queue;
	size_t i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < leases->nr; i++) {
		lease = &leases->record[i];
		table_add(table, "%s", record_get(lease, "id"));
		table_add(table, "%s", state_of(lease));
		table_add(table, "%s", record_get(lease, "slice"));
		table_add(table, "%s", record_get(lease, "device"));
		table_add(table, "%s", record_get(lease, "bar"));
		table_add(table, "%s",
			  size_text(record_number(lease, "size")).text);
		table_add(table, "%s", record_get(lease, "access"));
		table_add(table, "%s", record_get(lease, "memattr"));
		queue = queue_of(lease);
		queue_add_lease(&queue, table);
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

	for (i = first_of(holdings, inode); i < holdings->nr; i++) {
		holding = &holdings->holding[i];
		if (holding->inode != inode)
			break;
		object = json_append(list);
		json_put_number(object, "pid", holding->process.pid);
		json_put_text(object, "name", holding->process.name);
		json_put_bool(object, "fd", holding->fd);
		json_put_bool(object, "map", holding->map);
	}
}

static void devices_to_json(const struct holdings *holdings, uint64_t inode,
			    struct json_object *list)
{
	const struct importer *device;
	struct json_object *object;
	size_t i;

	for (i = 0; i < holdings->devices.nr; i++) {
		device = &holdings->devices.importer[i];
		if (device->inode != inode)
			continue;
		object = json_append(list);
		json_put_text(object, "device", device->bdf);
		json_put_text(object, "driver", device->driver);
		json_put_number(object, "mappings", device->mappings);
	}
}

static void lease_to_json(const struct record *lease,
			  const struct holdings *holdings,
			  struct json_object *object)
{
	static const char *const numbers[] = {
		"id", "bar", "size", "uid", "gid", "pid", "since",
	};
	static const char *const texts[] = {
		"slice", "device", "access", "memattr",
	};
	static const char *const times[] = { "ends", "resumes" };
	const uint64_t inode = record_number(lease, "inode");
	struct queue queue = queue_of(lease);
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		json_put_number(object, numbers[i],
				record_number(lease, numbers[i]));
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		json_put_text(object, texts[i], record_get(lease, texts[i]));
	json_put_text(object, "state", state_of(lease));
	/* One that is not there is no end, rather than one at 0 */
	for (i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (*record_get(lease, times[i]))
			json_put_number(object, times[i],
					record_number(lease, times[i]));
	queue_lease_to_json(&queue, object);
	holders_to_json(holdings, inode, json_list(object, "held_by"));
	devices_to_json(holdings, inode, json_list(object, "devices"));
}

static void print_json(const struct records *leases,
		       const struct holdings *holdings)
{
	struct json_object *answer = json_new();
	struct json_object *list = json_list(answer, "leases");
	size_t i;

	for (i = 0; i < leases->nr; i++)
		lease_to_json(&leases->record[i], holdings, json_append(list));
	json_put_number(answer, "hidden_processes", holdings->hidden);
	json_print(answer);
}

static bool is_first_of_device(const struct records *leases, size_t index)
{
	const char *device = record_get(&leases->record[index], "device");
	size_t i = 0;

	while (strcmp(record_get(&leases->record[i], "device"), device))
		i++;
	return i == index;
}

/* Return: an exit status */
static int find_devices(const struct verb *verb, const struct records *leases,
			struct importers *devices)
{
	const char *device;
	size_t i;
	int ret;

	for (i = 0; i < leases->nr; i++) {
		if (!is_first_of_device(leases, i))
			continue;
		device = record_get(&leases->record[i], "device");
		devices->cut = false;
		ret = importers_add("", device, devices);
		if (ret)
			return failed(verb, "%s: %s", device, strerror(-ret));
		if (devices->cut)
			note(verb,
			     "%s: the kernel does not list all of the devices that have leases of it",
			     device);
	}
	return EXIT_SUCCESS;
}

/* Return: an exit status */
static int find_holdings(const struct verb *verb, const struct records *leases,
			 struct holdings *holdings)
{
	int ret;

	ret = proc_dmabufs("", &holdings->holding, &holdings->nr,
			   &holdings->hidden);
	if (ret)
		return failed_by(verb, ret, "/proc: %s", strerror(-ret));
	if (holdings->nr)
		qsort(holdings->holding, holdings->nr,
		      sizeof(*holdings->holding), by_inode);
	if (holdings->hidden)
		note(verb,
		     "%zu processes may not be looked into, and may hold leases, too",
		     holdings->hidden);
	return find_devices(verb, leases, &holdings->devices);
}

static int print_leases(const struct verb *verb, const struct options *options,
			const struct records *leases)
{
	struct holdings holdings = { 0 };
	int ret, error = 0;

	ret = find_holdings(verb, leases, &holdings);
	if (!ret && options->given & OPT_JSON)
		print_json(leases, &holdings);
	else if (!ret)
		error = print_table(leases, &holdings);
	free(holdings.holding);
	free(holdings.devices.importer);
	return error ? failed(verb, "%s", strerror(-error)) : ret;
}

static int ps(const struct verb *verb, const struct options *options, int argc,
	      char **argv)
{
	struct records leases;
	struct admin *admin;
	int ret;

	(void)argc;
	(void)argv;
	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = broker_ask_leases(verb, admin, &leases);
	if (!ret) {
		ret = print_leases(verb, options, &leases);
		records_free(&leases);
	}
	admin_close(admin);
	return ret;
}

const struct verb ps_verb = {
	.name = "ps",
	.operands = "",
	.summary = "show every lease, and the processes and devices that hold it",
	.details =
"UID is whose lease it is. A process holds it that has its file descriptor open\n"
"(fd), or has it mapped (map), wherever it has it from; barleased keeps an fd of\n"
"each for itself. A device holds it that was given it by some process, and has\n"
"it mapped for DMA or could have. Of a lease with interrupts or memory, IRQS is of\n"
"how many of them somebody is told, and DMA how much the device reaches. Asks\n"
"barleased, for root only.\n",
	.examples =
"  barlease ps\n"
"  barlease ps --json | jq '.leases[] | {slice, pids: [.held_by[].pid]}'\n"
"  barlease ps --json | jq '.leases[] | select(.devices != []).slice'\n",
	.takes = OPT_ADMIN | OPT_JSON,
	.run = ps,
};
