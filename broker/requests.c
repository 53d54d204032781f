// SPDX-License-Identifier: MIT
/*
 * What administrators ask for, line by line
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/log.h"
#include "describe.h"
#include "keep/restart.h"
#include "orders.h"
#include "reload.h"
#include "requests.h"

/* Answers with these lines, all of them or none; frees them. */
static void answer(struct admin_call *call, struct text *lines)
{
	text_add(lines, "ok\n");
	if (lines->incomplete)
		admin_fail(call, -ENOMEM, "%s", strerror(ENOMEM));
	else
		admin_answer(call, lines->start, lines->size);
	text_free(lines);
}

static void ok(struct admin_call *call)
{
	admin_answer(call, "ok\n", strlen("ok\n"));
}

static void list_devices(struct broker *broker, struct admin_call *call,
			 char *words)
{
	const struct device *device;
	char why[HANDLE_WHY_MAX];
	struct text lines = { 0 };

	(void)words;
	for (size_t i = 0; i < broker->config->nr_devices; i++) {
		device = devices_find(&broker->devices,
				      broker->config->devices[i].bdf);
		text_add(&lines, "device name=%s state=%s", device->bdf,
			 device->handle ? "open" : "away");
		describe_as_word(device->why, why, sizeof(why));
		if (!device->handle)
			text_add(&lines, " why=%s", why);
		text_add(&lines, "\n");
	}
	answer(call, &lines);
}

static void list_slices(struct broker *broker, struct admin_call *call,
			char *words)
{
	const struct config *config = broker->config;
	unsigned int holders;
	struct text lines = { 0 };

	(void)words;
	for (size_t i = 0; i < config->nr_slices; i++) {
		const struct config_slice *slice = &config->slices[i];

		holders = barlease_server_holders(broker->server, slice->name);
		describe_slice(&lines, config, slice, holders);
		text_add(&lines, "\n");
	}
	answer(call, &lines);
}

struct listing {
	const struct config *config;
	struct text lines;
};

static int list_lease(void *data, const struct barlease_holding *lease)
{
	struct listing *listing = data;

	text_add(&listing->lines, "lease ");
	describe_lease(&listing->lines, listing->config, lease->context, lease);
	if (lease->state != BARLEASE_HELD)
		text_add(&listing->lines, " reason=%s",
			 describe_reason(lease->reason));
	text_add(&listing->lines, "\n");
	return 0;
}

static void list_leases(struct broker *broker, struct admin_call *call,
			char *words)
{
	struct listing listing = { .config = broker->config };

	(void)words;
	barlease_server_each_lease(broker->server, list_lease, &listing);
	answer(call, &listing.lines);
}

static void list_counters(struct broker *broker, struct admin_call *call,
			  char *words)
{
	struct text lines = { 0 };

	(void)words;
	counters_describe(&lines, &broker->counters);
	answer(call, &lines);
}

/* The value of "key=value", which is all there is; NULL where it is not */
static const char *value_of(const char *words, const char *key)
{
	size_t length = strlen(key);

	if (!words || strncmp(words, key, length) || words[length] != '=' ||
	    strchr(words, ' '))
		return NULL;
	return words + length + 1;
}

static void answer_count(struct admin_call *call, const struct order *order,
			 size_t nr, int error)
{
	char text[40];

	if (error) {
		admin_fail(call, error, "not all leases: %s", strerror(-error));
	} else if (!nr && order->by_id) {
		admin_fail(call, -ENOENT, "no lease %u", order->id);
	} else {
		snprintf(text, sizeof(text), "ok leases=%zu\n", nr);
		admin_answer(call, text, strlen(text));
	}
}

/* A revoke that is answered when it is over */
struct revoking {
	struct admin_call *call;
	struct order order;
};

static void on_revoked(void *data, size_t nr, int error)
{
	struct revoking *revoking = data;

	answer_count(revoking->call, &revoking->order, nr, error);
	free(revoking);
}

static bool number_of(const char *text, uint32_t *number)
{
	unsigned long value;
	char *tail;

	errno = 0;
	value = strtoul(text, &tail, 10);
	*number = value;
	return *text >= '0' && *text <= '9' && !*tail && !errno &&
	       value <= UINT32_MAX;
}

/* Behind which leases are meant: a word that is a time */
static bool understand_time(const char *words, const char *key, bool *given,
			    uint64_t *time)
{
	const char *value = value_of(words, key);

	*given = words;
	return !words || (value && !duration_parse(value, time));
}

/*
 * Which leases are meant, in one word; *@rest: what comes behind it. @order points into
 * the words.
 */
static bool understand(struct order *order, char *words, char **rest)
{
	const char *id, *uid, *all;
	char *more = words;

	words = strsep(&more, " ");
	id = value_of(words, "id");
	uid = value_of(words, "uid");
	all = value_of(words, "all");
	*order = (struct order){
		.slice = value_of(words, "slice"),
		.device = value_of(words, "device"),
		.by_id = id,
		.by_uid = uid,
	};
	*rest = more;
	if (id)
		return number_of(id, &order->id);
	if (uid)
		return number_of(uid, &order->uid);
	if (all)
		return !strcmp(all, "yes");
	return order->slice || order->device;
}

static void revoke(struct broker *broker, struct admin_call *call, char *words)
{
	struct revoking *revoking = calloc(1, sizeof(*revoking));
	struct order *order;
	char *more;

	if (!revoking) {
		admin_fail(call, -ENOMEM, "%s", strerror(ENOMEM));
		return;
	}
	revoking->call = call;
	order = &revoking->order;
	if (!understand(order, words, &more) ||
	    !understand_time(more, "grace", &order->has_grace, &order->grace)) {
		free(revoking);
		admin_fail(call, -EINVAL,
			   "after \"revoke\" comes id=, uid=, slice=, device= or all=yes, and perhaps grace=");
		return;
	}
	if (order->grace > broker->config->broker.max_grace) {
		free(revoking);
		admin_fail(call, -EINVAL,
			   "a grace of %" PRIu64 " ms at most: that is max-grace of [broker]",
			   broker->config->broker.max_grace);
		return;
	}
	if (order_revoke(broker, order, on_revoked, revoking)) {
		free(revoking);
		admin_fail(call, -ENOMEM, "%s", strerror(ENOMEM));
	}
}

static void pause_leases(struct broker *broker, struct admin_call *call,
			 char *words)
{
	struct order order;
	bool for_a_time;
	char *more;
	size_t nr;
	int ret;

	if (!understand(&order, words, &more) ||
	    !understand_time(more, "for", &for_a_time, &order.time) ||
	    (for_a_time && !order.time)) {
		admin_fail(call, -EINVAL,
			   "after \"pause\" comes id=, uid=, slice=, device= or all=yes, and perhaps for=");
		return;
	}
	if (!for_a_time)
		order.time = BARLEASE_FOREVER;
	ret = order_pause(broker, &order, &nr);
	answer_count(call, &order, nr, ret);
}

static void resume_leases(struct broker *broker, struct admin_call *call,
			  char *words)
{
	struct order order;
	char *more;
	size_t nr;
	int ret;

	if (!understand(&order, words, &more) || more) {
		admin_fail(call, -EINVAL,
			   "after \"resume\" comes id=, uid=, slice=, device= or all=yes");
		return;
	}
	ret = order_resume(broker, &order, &nr);
	answer_count(call, &order, nr, ret);
}

/* ---- Grants --------------------------------------------------------------- */

static void add_grant(struct broker *broker, struct admin_call *call,
		      char *words)
{
	struct grant *grant;
	struct text lines = { 0 };
	char why[300], none[] = "";
	int ret = grants_add(broker, words ?: none, &grant, why, sizeof(why));

	if (ret) {
		admin_fail(call, ret, "%s", why);
		return;
	}
	log_line(LOG_NOTICE, "the grant %s is there", grant->name);
	grant_describe(&lines, grant);
	admin_tell(broker->admin, "granted %s", lines.start ?: "");
	text_free(&lines);
	text_add(&lines, "ok path=%s\n", grant->entrance->listener.path);
	if (lines.incomplete)
		admin_fail(call, -ENOMEM, "%s", strerror(ENOMEM));
	else
		admin_answer(call, lines.start, lines.size);
	text_free(&lines);
}

static void end_grant(struct broker *broker, struct admin_call *call,
		      char *words)
{
	const char *name = value_of(words, "name");
	unsigned int leases;
	char text[40];

	if (!name) {
		admin_fail(call, -EINVAL, "\"ungrant\" has a grant after it, name=NAME");
		return;
	}
	if (grants_end(broker, name, &leases)) {
		admin_fail(call, -ENOENT, "no grant %.60s", name);
		return;
	}
	log_line(LOG_NOTICE, "the grant %s is taken away", name);
	admin_tell(broker->admin, "ungranted name=%s", name);
	snprintf(text, sizeof(text), "ok leases=%u\n", leases);
	admin_answer(call, text, strlen(text));
}

static void list_grants(struct broker *broker, struct admin_call *call,
			char *words)
{
	struct text lines = { 0 };

	(void)words;
	for (size_t i = 0; i < broker->grants.nr; i++) {
		text_add(&lines, "grant ");
		grant_describe(&lines, broker->grants.list[i]);
		text_add(&lines, "\n");
	}
	answer(call, &lines);
}

struct resetting {
	struct admin_call *call;
	char bdf[BARLEASE_PCI_ADDRESS_SIZE];
};

static void on_reset(void *data, int error)
{
	struct resetting *resetting = data;

	if (error)
		admin_fail(resetting->call, error, "reset of %s: %s",
			   resetting->bdf, strerror(-error));
	else
		ok(resetting->call);
	free(resetting);
}

static void cannot_reset(struct admin_call *call, const char *bdf, int error)
{
	if (error == -ENOENT)
		admin_fail(call, error, "no device %s", bdf);
	else if (error == -EBUSY)
		admin_fail(call, error, "%s is being reset", bdf);
	else
		admin_fail(call, error, "%s", strerror(-error));
}

static void reset(struct broker *broker, struct admin_call *call, char *words)
{
	const char *bdf = value_of(words, "device");
	struct resetting *resetting;
	int ret;

	if (!bdf) {
		admin_fail(call, -EINVAL, "\"reset\" has a device after it, device=BDF");
		return;
	}
	resetting = calloc(1, sizeof(*resetting));
	if (resetting) {
		resetting->call = call;
		snprintf(resetting->bdf, sizeof(resetting->bdf), "%s", bdf);
	}
	ret = resetting ? order_reset(broker, bdf, on_reset, resetting) :
			  -ENOMEM;
	if (ret) {
		free(resetting);
		cannot_reset(call, bdf, ret);
	}
}

/* One that is answered later */
struct reloading {
	struct admin_call *call;
	const char *path;
};

static void on_reloaded(void *data, const struct config_errors *errors)
{
	struct reloading *reloading = data;
	char text[8000] = "";
	size_t n = 0;

	for (size_t i = 0; i < errors->nr && n < sizeof(text); i++) {
		const struct config_error *error = &errors->list[i];
		char line[16] = "";

		if (error->line)
			snprintf(line, sizeof(line), "%u:", error->line);
		n += snprintf(text + n, sizeof(text) - n, "%s%s:%s %s",
			      i ? "; " : "", reloading->path, line,
			      error->text);
	}
	if (errors->nr) {
		reload_log(reloading->path, LOG_ERR, errors);
		log_line(LOG_ERR, "the configuration stays as it was");
		admin_fail(reloading->call, -EINVAL, "%s", text);
	} else {
		log_line(LOG_NOTICE, "the configuration was read again");
		ok(reloading->call);
	}
	free(reloading);
}

static void reload(struct broker *broker, struct admin_call *call, char *words)
{
	struct reloading *reloading = calloc(1, sizeof(*reloading));

	(void)words;
	if (reloading) {
		*reloading = (struct reloading){ call, broker->path };
		if (!reload_request(broker, on_reloaded, reloading))
			return;
	}
	free(reloading);
	admin_fail(call, -ENOMEM, "%s", strerror(ENOMEM));
}

static void on_not_restarted(void *data, int error, const char *why)
{
	admin_fail(data, error, "%s", why);
}

/* Where it works, the end of the connection is the answer. */
static void restart(struct broker *broker, struct admin_call *call, char *words)
{
	int ret = restart_request(broker, on_not_restarted, call);

	(void)words;
	if (ret == -EBUSY)
		admin_fail(call, ret, "it is about to restart");
	else if (ret)
		admin_fail(call, ret, "%s", strerror(-ret));
}

static void watch(struct broker *broker, struct admin_call *call, char *words)
{
	(void)broker;
	(void)words;
	admin_watch(call);
}

/* @has_words: after its name. @looks: and changes nothing */
static const struct request {
	const char *name;
	bool has_words;
	bool looks;
	void (*answer)(struct broker *broker, struct admin_call *call,
		       char *words);
} requests[] = {
	{ "devices", false, true, list_devices },
	{ "slices", false, true, list_slices },
	{ "leases", false, true, list_leases },
	{ "counters", false, true, list_counters },
	{ "revoke", true, false, revoke },
	{ "pause", true, false, pause_leases },
	{ "resume", true, false, resume_leases },
	{ "grant", true, false, add_grant },
	{ "ungrant", true, false, end_grant },
	{ "grants", false, true, list_grants },
	{ "reset", true, false, reset },
	{ "reload", false, false, reload },
	{ "restart", false, false, restart },
	{ "watch", false, true, watch },
};

static const struct request *find(const char *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (!strcmp(requests[i].name, name))
			return &requests[i];
	return NULL;
}

static void answer_any(struct broker *broker, struct admin_call *call,
		       char *line, bool may_change)
{
	char *words = line, *name = strsep(&words, " ");
	const struct request *request = find(name);

	/* Of somebody who speaks something else, HTTP say, made to by others */
	if (!request)
		admin_reject(call, "unknown request \"%.32s\"", name);
	else if (!may_change && !request->looks)
		admin_fail(call, -EACCES,
			   "\"%s\" is for the administrator's socket, and this is the monitor's",
			   request->name);
	else if (words && !request->has_words)
		admin_fail(call, -EINVAL, "\"%s\" has no words after it",
			   request->name);
	else
		request->answer(broker, call, words);
}

void request_answer(void *data, struct admin_call *call, char *line)
{
	answer_any(data, call, line, true);
}

void request_look(void *data, struct admin_call *call, char *line)
{
	answer_any(data, call, line, false);
}
