// SPDX-License-Identifier: MIT
/*
 * barlease watch: what happens to leases, as it happens
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broker.h"
#include "json.h"
#include "size.h"
#include "text.h"

static bool is_number(const char *key)
{
	static const char *const keys[] = {
		"id", "bar", "size", "uid", "gid", "pid", "inode", "since",
		"dma", "vectors", "mapped", "ends", "resumes",
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

static void print_json(const struct record *record)
{
	struct json_object *object = json_new();
	const char *key, *value;
	size_t i;

	json_put_number(object, "time", time(NULL));
	json_put_text(object, "event", record->word);
	for (i = 0; i < record->nr; i++) {
		key = record->values[i].key;
		value = record->values[i].value;
		if (is_number(key)) {
			json_put_number(object, key,
					strtoull(value, NULL, 0));
			continue;
		}
		if (!strcmp(key, "why"))
			json_put_text(object, key,
				      record_words(record, key).text);
		else
			json_put_text(object, key, value);
	}
	json_print_line(object);
}

static void print_lease(const struct record *record)
{
	const char *reason = record_get(record, "reason");
	const char *interrupts = record_get(record, "interrupts");
	uint64_t dma = record_number(record, "dma");

	text_print(stdout, "lease %s of %s (%s BAR %s", record_get(record, "id"),
		   record_get(record, "slice"), record_get(record, "device"),
		   record_get(record, "bar"));
	if (*interrupts)
		text_print(stdout, ", interrupts %s", interrupts);
	if (dma)
		printf(", %s of memory", size_text(dma).text);
	text_print(stdout, "), process %s, uid %s%s%s",
		   record_get(record, "pid"), record_get(record, "uid"),
		   *reason ? ": " : "", reason);
}

static void print_refusal(const struct record *record)
{
	struct words why = record_words(record, "why");

	text_print(stdout, "process %s, uid %s: %s", record_get(record, "pid"),
		   record_get(record, "uid"), why.text);
}

static void print_text(const struct record *record)
{
	time_t now = time(NULL);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	text_print(stdout, "%s  %-9s ", clock, record->word);
	if (*record_get(record, "slice"))
		print_lease(record);
	else if (!strcmp(record->word, "refused"))
		print_refusal(record);
	else
		text_print(stdout, "%s", record_get(record, "device"));
	putchar('\n');
	fflush(stdout);
}

static int follow(const struct verb *verb, struct admin *admin, bool as_json)
{
	struct record record;
	int ret;

	while (!(ret = admin_next(admin, &record))) {
		if (as_json)
			print_json(&record);
		else
			print_text(&record);
		record_free(&record);
		/* Nobody listens any more; main() says so. */
		if (ferror(stdout))
			return EXIT_FAILURE;
	}
	return broker_complain(verb, admin, ret);
}

static int watch(const struct verb *verb, const struct options *options,
		 int argc, char **argv)
{
	struct records none;
	struct admin *admin;
	int ret;

	(void)argc;
	(void)argv;
	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = broker_ask(verb, admin, "watch", &none);
	if (!ret) {
		records_free(&none);
		ret = follow(verb, admin, options->given & OPT_JSON);
	}
	admin_close(admin);
	return ret;
}

const struct verb watch_verb = {
	.name = "watch",
	.operands = "",
	.summary = "show what happens to leases, as it happens",
	.details =
"Until it is interrupted, or barleased ends. With --json, each event is an\n"
"object on a line of its own. Asks barleased, for root only.\n",
	.examples =
"  barlease watch\n"
"  barlease watch --json | jq -c 'select(.event == \"refused\")'\n",
	.takes = OPT_ADMIN | OPT_JSON,
	.run = watch,
};
