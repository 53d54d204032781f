// SPDX-License-Identifier: MIT
/*
 * What is counted, in tables
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "counts.h"
#include "table.h"

/* ---- The driver ---------------------------------------------------------------- */

/* The same device, with counters, in the look before; or NULL */
static const struct top_device *earlier(const struct top_look *before,
					const struct top_device *device)
{
	const struct top_device *other;
	size_t i;

	for (i = 0; before && i < before->devices.nr; i++) {
		other = &before->device[i];
		if (other->counts && !strcmp(other->pci.bdf, device->pci.bdf))
			return other;
	}
	return NULL;
}

static void add_counts(struct table *table, const struct top_device *before,
		       const struct top_device *device, uint64_t ms)
{
	uint64_t count;
	unsigned int i;

	for (i = 0; i < TOP_COUNTS; i++) {
		count = device->count[i];
		if (!device->counts)
			table_add(table, "-");
		else
			table_add(table, "%" PRIu64, count);
		if (!device->counts || !before)
			table_add(table, "-");
		else
			table_add(table, "%s",
				  top_rate(before->count[i], count, ms).text);
	}
}

int top_counts_print_devices(const struct top_look *before,
			     const struct top_look *now, FILE *to)
{
	static const char *const headings[] = {
		"DEVICE", "STATE", ">FAULTS", ">A SECOND", ">REVOKES",
		">A SECOND", ">REFUSED", ">A SECOND", NULL,
	};
	struct table *table = table_new(headings);
	const struct record *record;
	size_t i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < now->devices.nr; i++) {
		record = &now->devices.record[i];
		table_add(table, "%s", record_get(record, "name"));
		table_add(table, "%s", record_get(record, "state"));
		add_counts(table, earlier(before, &now->device[i]),
			   &now->device[i], before ? now->ms - before->ms : 0);
	}
	table_print(table, to);
	table_free(table);
	return 0;
}

/* ---- The broker ---------------------------------------------------------------- */

/* In the order of the headings */
static const char *const counters[] = {
	"acquired", "ended", "refused", "resets", "reloads", "devices-gone",
	"devices-back",
};

#define NR_COUNTERS	(sizeof(counters) / sizeof(*counters))

int top_counts_print_broker(const struct top_look *before,
			    const struct top_look *now, FILE *to)
{
	static const char *const headings[] = {
		"BARLEASED", ">ACQUIRED", ">ENDED", ">REFUSED", ">RESETS",
		">RELOADS", ">GONE", ">BACK", NULL,
	};
	struct table *table = table_new(headings);
	uint64_t count;
	size_t i;

	if (!table)
		return -ENOMEM;
	table_add(table, "in all");
	for (i = 0; i < NR_COUNTERS; i++)
		table_add(table, "%" PRIu64, top_counted(now, counters[i]));
	table_add(table, "a second");
	for (i = 0; i < NR_COUNTERS; i++) {
		count = top_counted(now, counters[i]);
		if (before)
			table_add(table, "%s",
				  top_rate(top_counted(before, counters[i]),
					   count, now->ms - before->ms).text);
		else
			table_add(table, "-");
	}
	table_print(table, to);
	table_free(table);
	return 0;
}
