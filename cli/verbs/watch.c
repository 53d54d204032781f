// SPDX-License-Identifier: MIT
/*
 * barlease watch: what happens to leases, as it happens
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

static void print_clock(void)
{
	time_t now = time(NULL);
	char clock[16] = "";
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf("%s  ", clock);
}

static void print_text(const struct record *record)
{
	print_clock();
	text_print(stdout, "%-9s ", record->word);
	if (*record_get(record, "slice"))
		print_lease(record);
	else if (!strcmp(record->word, "refused"))
		print_refusal(record);
	else
		text_print(stdout, "%s", record_get(record, "device"));
	putchar('\n');
	fflush(stdout);
}

/* Of the connection: nothing that a broker could tell */
static void print_own(const char *event, const char *words, bool as_json)
{
	struct json_object *object;

	if (as_json) {
		object = json_new();
		json_put_number(object, "time", time(NULL));
		json_put_text(object, "event", event);
		json_print_line(object);
		return;
	}
	print_clock();
	printf("%s\n", words);
	fflush(stdout);
}

/* Until the connection ends, which is -ECONNRESET; 0: nobody listens, main() says so */
static int follow(struct admin *admin, bool as_json)
{
	struct record record;
	int ret;

	while (!(ret = admin_next(admin, &record))) {
		if (as_json)
			print_json(&record);
		else
			print_text(&record);
		record_free(&record);
		if (ferror(stdout))
			return 0;
	}
	return ret;
}

/* *@admin: NULL where nobody is there */
static int begin(const struct options *options, struct admin **admin)
{
	struct records none;
	int ret;

	*admin = NULL;
	ret = admin_connect(options->admin, admin);
	if (!ret)
		ret = admin_ask(*admin, "watch", &none);
	if (!ret)
		records_free(&none);
	return ret;
}

static bool is_away(int error)
{
	return error == -ECONNRESET || error == -ECONNREFUSED ||
	       error == -ENOENT;
}

/* The first time at once: one that restarts is there again already. */
static int begin_again(const struct options *options, struct admin **admin)
{
	bool as_json = options->given & OPT_JSON;
	int ret;

	print_own("disconnected",
		  "disconnected: barleased ends, or restarts; asked again every second",
		  as_json);
	for (;;) {
		admin_close(*admin);
		ret = begin(options, admin);
		if (!is_away(ret))
			break;
		sleep(1);
	}
	if (!ret)
		print_own("connected",
			  "connected again; what happened meanwhile is not known",
			  as_json);
	return ret;
}

static int watch(const struct verb *verb, const struct options *options,
		 int argc, char **argv)
{
	bool goes_on = !(options->given & OPT_UNTIL_END);
	struct admin *admin;
	int ret;

	(void)argc;
	(void)argv;
	ret = begin(options, &admin);
	while (!ret) {
		ret = follow(admin, options->given & OPT_JSON);
		if (!ret)
			break;
		if (ret == -ECONNRESET && goes_on)
			ret = begin_again(options, &admin);
	}
	if (ret)
		ret = admin ? broker_complain(verb, admin, ret) :
			      broker_connect_failed(verb, options, ret);
	admin_close(admin);
	return ret;
}

const struct verb watch_verb = {
	.name = "watch",
	.operands = "",
	.summary = "show what happens to leases, as it happens",
	.details =
"Until it is interrupted. When barleased ends or restarts it says so, and goes on\n"
"with the next one; with --until-end it ends then, with 1. With --json, each event\n"
"is an object on a line of its own. Asks barleased, for root only.\n",
	.examples =
"  barlease watch\n"
"  barlease watch --json | jq -c 'select(.event == \"refused\")'\n",
	.takes = OPT_ADMIN | OPT_JSON | OPT_UNTIL_END,
	.run = watch,
};
