// SPDX-License-Identifier: MIT
/*
 * What there is and what has happened, in Prometheus' text format
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "sysfs.h"
#include "text.h"

/* ---- Lines --------------------------------------------------------------- */

static void family(FILE *to, const char *name, const char *type,
		   const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Text that others have chosen is UTF-8, and ends where it is to end. */
static void put_value(FILE *to, const char *value)
{
	char *text = text_for_json(value);

	for (const char *at = text ?: ""; *at; at++) {
		if (*at == '\n')
			fputs("\\n", to);
		else if (*at == '"' || *at == '\\')
			fprintf(to, "\\%c", *at);
		else
			fputc(*at, to);
	}
	free(text);
}

static void put_label(FILE *to, bool *first, const char *name,
		      const char *value)
{
	fprintf(to, "%s%s=\"", *first ? "{" : ",", name);
	put_value(to, value);
	fputc('"', to);
	*first = false;
}

/* A label, and which of a record's values it is */
struct label {
	const char *name;
	const char *key;
};

/* What "-" stands for in a record as well */
static bool is_there(const struct record *record, const char *key)
{
	const char *value = record_get(record, key);

	return *value && strcmp(value, "-");
}

/* @labels: up to one without a name; those that the record has not are left out */
static void sample(FILE *to, const char *name, const struct record *record,
		   const struct label *labels, uint64_t value)
{
	bool first = true;

	fputs(name, to);
	for (; labels->name; labels++)
		if (is_there(record, labels->key))
			put_label(to, &first, labels->name,
				  record_get(record, labels->key));
	fprintf(to, "%s %" PRIu64 "\n", first ? "" : "}", value);
}

/* ---- The driver ----------------------------------------------------------- */

/* @file: in barlease_stats/; what has no @help goes on with the one before */
static const struct driver_metric {
	const char *file;
	const char *name;
	const char *size;
	const char *help;
} driver_metrics[] = {
	{ "exports", "exports", NULL, "Leases that the driver has made." },
	{ "exports_refused", "exports_refused", NULL,
	  "Requests for a lease that were an error." },
	{ "revokes", "revokes", NULL, "Leases that were revoked." },
	{ "pauses", "pauses", NULL, "Pauses of leases." },
	{ "maps", "maps", NULL, "Mappings of leases and of BARs." },
	{ "maps_refused", "maps_refused", NULL,
	  "Mappings that were an error." },
	{ "faults_small", "faults", "small",
	  "Page faults that have filled in pages of this size." },
	{ "faults_huge", "faults", "huge", NULL },
	{ "faults_scratch", "faults_scratch", NULL,
	  "Page faults of leases that are over and read all ones." },
	{ "faults_refused", "faults_refused", NULL,
	  "Page faults that have ended in SIGBUS." },
	{ "attaches_refused", "attaches_refused", NULL,
	  "Devices that may not attach to a lease." },
	{ "importer_maps", "importer_maps", NULL,
	  "Mappings of a lease for another device." },
};

static void print_one(const char *root, const struct pci_device *dev,
		      const struct driver_metric *metric, FILE *to)
{
	bool first = true;
	uint64_t value;

	if (sysfs_counter(root, dev->bdf, metric->file, &value))
		return;
	fprintf(to, "barlease_driver_%s_total", metric->name);
	put_label(to, &first, "device", dev->bdf);
	if (metric->size)
		put_label(to, &first, "size", metric->size);
	fprintf(to, "} %" PRIu64 "\n", value);
}

int metrics_print_driver(const char *root, FILE *to)
{
	const size_t nr_metrics =
		sizeof(driver_metrics) / sizeof(*driver_metrics);
	struct pci_device *devs;
	char name[64];
	size_t nr;
	int ret;

	ret = sysfs_devices(root, &devs, &nr);
	if (ret)
		return ret;
	for (size_t i = 0; i < nr_metrics; i++) {
		const struct driver_metric *metric = &driver_metrics[i];

		snprintf(name, sizeof(name), "barlease_driver_%s_total",
			 metric->name);
		if (metric->help)
			family(to, name, "counter", metric->help);
		for (size_t j = 0; j < nr; j++)
			if (pci_is_ours(&devs[j]))
				print_one(root, &devs[j], metric, to);
	}
	free(devs);
	return 0;
}

/* ---- Devices and slices ---------------------------------------------------- */

static void print_devices(const struct records *devices, FILE *to)
{
	static const struct label labels[] = { { "device", "name" }, { 0 } };

	family(to, "barlease_device_open", "gauge",
	       "Whether the broker has this device of its configuration.");
	for (size_t i = 0; i < devices->nr; i++) {
		const struct record *record = &devices->record[i];

		sample(to, "barlease_device_open", record, labels,
		       !strcmp(record_get(record, "state"), "open"));
	}
}

/* @key: of the number; where that is 0 and @any, there is no limit, and no sample */
static const struct slice_metric {
	const char *name;
	const char *key;
	bool any;
	const char *help;
} slice_metrics[] = {
	{ "barlease_slice_size_bytes", "size", false, "Size of the slice." },
	{ "barlease_slice_holders", "holders", false, "Leases of the slice now." },
	{ "barlease_slice_holders_max", "max", true,
	  "Leases of the slice that there may be at a time." },
	{ "barlease_slice_dma_max_bytes", "dma", true,
	  "Memory that a lease of the slice may let the device reach." },
};

static void print_slices(const struct records *slices, FILE *to)
{
	static const struct label labels[] = {
		{ "slice", "name" }, { "group", "group" },
		{ "device", "device" }, { 0 },
	};

	for (size_t i = 0; i < sizeof(slice_metrics) / sizeof(*slice_metrics);
	     i++) {
		const struct slice_metric *metric = &slice_metrics[i];

		family(to, metric->name, "gauge", metric->help);
		for (size_t j = 0; j < slices->nr; j++) {
			const struct record *record = &slices->record[j];
			uint64_t value = record_number(record, metric->key);

			if (value || !metric->any)
				sample(to, metric->name, record, labels, value);
		}
	}
}

/* ---- Leases ------------------------------------------------------------------ */

static int by_slice(const void *a, const void *b)
{
	int order = strcmp(record_get(a, "slice"), record_get(b, "slice"));

	return order ?: strcmp(record_get(a, "state"), record_get(b, "state"));
}

/* Of the leases of one slice in one state, one after the other: how many, or a sum */
static void print_sums(const struct records *leases, const char *name,
		       const char *key, FILE *to)
{
	static const struct label labels[] = {
		{ "slice", "slice" }, { "state", "state" }, { 0 },
	};
	uint64_t sum = 0;

	for (size_t i = 0; i < leases->nr; i++) {
		const struct record *lease = &leases->record[i];

		sum += key ? record_number(lease, key) : 1;
		if (i + 1 < leases->nr && !by_slice(lease, lease + 1))
			continue;
		sample(to, name, lease, labels, sum);
		sum = 0;
	}
}

static void print_leases(struct records *leases, FILE *to)
{
	if (leases->nr)
		qsort(leases->record, leases->nr, sizeof(*leases->record),
		      by_slice);
	family(to, "barlease_leases", "gauge",
	       "Leases that are held, paused, that end, and that somebody keeps open after the end.");
	print_sums(leases, "barlease_leases", NULL, to);
	family(to, "barlease_lease_dma_bytes", "gauge",
	       "Memory that devices reach by these leases.");
	print_sums(leases, "barlease_lease_dma_bytes", "mapped", to);
	family(to, "barlease_lease_interrupts", "gauge",
	       "Interrupts of these leases that somebody is told of.");
	print_sums(leases, "barlease_lease_interrupts", "vectors", to);
}

/* ---- Sockets that clients come by ----------------------------------------------- */

/* What the names of grants' sockets begin with, and no other's */
#define GRANT	"grant-"

/*
 * Grants come and go, each with a name of its own, and whatever is a label stays in
 * Prometheus: all of them are one.
 */
static const char *socket_of(const struct record *lease)
{
	const char *listener = record_get(lease, "listener");

	return strncmp(listener, GRANT, strlen(GRANT)) ? listener : GRANT;
}

static int by_socket(const void *a, const void *b)
{
	return strcmp(socket_of(a), socket_of(b));
}

static bool is_held(const struct record *lease)
{
	const char *state = record_get(lease, "state");

	return !strcmp(state, "held") || !strcmp(state, "paused");
}

/* Returns those that have come by grants, which are none of these samples. */
static uint64_t print_listeners(struct records *leases, FILE *to)
{
	static const struct label labels[] = { { "listener", "listener" }, { 0 } };
	uint64_t sum = 0, granted = 0;

	if (leases->nr)
		qsort(leases->record, leases->nr, sizeof(*leases->record),
		      by_socket);
	family(to, "barlease_listener_leases", "gauge",
	       "Leases held by clients of this listener, without a label by those of the usual socket.");
	for (size_t i = 0; i < leases->nr; i++) {
		const struct record *lease = &leases->record[i];

		sum += is_held(lease);
		if (i + 1 < leases->nr && !by_socket(lease, lease + 1))
			continue;
		if (!strcmp(socket_of(lease), GRANT))
			granted = sum;
		else
			sample(to, "barlease_listener_leases", lease, labels,
			       sum);
		sum = 0;
	}
	return granted;
}

static void print_sockets(struct metrics *metrics, FILE *to)
{
	uint64_t granted = print_listeners(&metrics->leases, to);

	family(to, "barlease_grants", "gauge", "Grants that there are.");
	fprintf(to, "barlease_grants %zu\n", metrics->grants.nr);
	family(to, "barlease_grant_leases", "gauge",
	       "Leases held by clients of all grants.");
	fprintf(to, "barlease_grant_leases %" PRIu64 "\n", granted);
}

/* ---- Counters ------------------------------------------------------------------ */

static const struct counter_metric {
	const char *counter;
	const char *name;
	const char *help;
} counter_metrics[] = {
	{ "acquired", "barlease_leases_acquired_total",
	  "Leases that clients have acquired." },
	{ "ended", "barlease_leases_ended_total",
	  "Leases that have ended, by the reason." },
	{ "refused", "barlease_refused_total",
	  "Requests and connections that were refused." },
	{ "resets", "barlease_resets_total",
	  "Resets of devices, ordered and between holders." },
	{ "reloads", "barlease_reloads_total",
	  "Configurations that were read again." },
	{ "devices-gone", "barlease_devices_gone_total",
	  "Devices that the kernel wanted back." },
	{ "devices-back", "barlease_devices_back_total",
	  "Devices that have come back." },
};

static void print_counters(const struct records *counters, FILE *to)
{
	static const struct label labels[] = {
		{ "reason", "reason" }, { "result", "result" }, { 0 },
	};
	const size_t nr = sizeof(counter_metrics) / sizeof(*counter_metrics);

	for (size_t i = 0; i < nr; i++) {
		const struct counter_metric *metric = &counter_metrics[i];

		family(to, metric->name, "counter", metric->help);
		for (size_t j = 0; j < counters->nr; j++) {
			const struct record *record = &counters->record[j];

			if (strcmp(record_get(record, "name"), metric->counter))
				continue;
			sample(to, metric->name, record, labels,
			       record_number(record, "value"));
		}
	}
}

void metrics_print(struct metrics *metrics, FILE *to)
{
	family(to, "barlease_up", "gauge", "Whether the broker answers.");
	fprintf(to, "barlease_up %d\n", metrics->up);
	if (!metrics->up)
		return;
	print_devices(&metrics->devices, to);
	print_slices(&metrics->slices, to);
	print_leases(&metrics->leases, to);
	print_sockets(metrics, to);
	print_counters(&metrics->counters, to);
}
