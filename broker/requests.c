// SPDX-License-Identifier: MIT
/*
 * What administrators ask for, line by line
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "describe.h"
#include "reload.h"
#include "requests.h"

/* Lines of an answer */
struct out {
	FILE *file;
	char *text;
	size_t size;
};

static bool begin(struct out *out, struct admin_call *call)
{
	*out = (struct out){ 0 };
	out->file = open_memstream(&out->text, &out->size);
	if (!out->file)
		admin_fail(call, -ENOMEM, "%s", strerror(ENOMEM));
	return out->file;
}

static void end(struct out *out, struct admin_call *call)
{
	fputs("ok\n", out->file);
	if (fclose(out->file))
		admin_fail(call, -ENOMEM, "%s", strerror(ENOMEM));
	else
		admin_answer(call, out->text, out->size);
	free(out->text);
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
	struct out out;

	(void)words;
	if (!begin(&out, call))
		return;
	for (size_t i = 0; i < broker->config->nr_devices; i++) {
		device = devices_find(&broker->devices,
				      broker->config->devices[i].bdf);
		fprintf(out.file, "device name=%s state=%s", device->bdf,
			device->handle ? "open" : "away");
		describe_as_word(device->why, why, sizeof(why));
		if (!device->handle)
			fprintf(out.file, " why=%s", why);
		fputc('\n', out.file);
	}
	end(&out, call);
}

static void list_slices(struct broker *broker, struct admin_call *call,
			char *words)
{
	const struct config *config = broker->config;
	unsigned int *holders = leases_count(&broker->leases, config);
	struct out out;

	(void)words;
	if (!holders) {
		admin_fail(call, -ENOMEM, "%s", strerror(ENOMEM));
		return;
	}
	if (begin(&out, call)) {
		for (size_t i = 0; i < config->nr_slices; i++) {
			describe_slice(out.file, config, &config->slices[i],
				       holders[i]);
			fputc('\n', out.file);
		}
		end(&out, call);
	}
	free(holders);
}

static void list_leases(struct broker *broker, struct admin_call *call,
			char *words)
{
	const struct lease *lease;
	struct out out;

	(void)words;
	if (!begin(&out, call))
		return;
	LIST_FOREACH(lease, &broker->leases, link) {
		fputs("lease ", out.file);
		describe_lease(out.file, broker->config, lease);
		fputc('\n', out.file);
	}
	end(&out, call);
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

static void revoke(struct broker *broker, struct admin_call *call, char *words)
{
	const char *value = value_of(words, "id");
	unsigned long id;
	char *tail;
	int ret;

	errno = 0;
	id = value ? strtoul(value, &tail, 10) : 0;
	if (!value || *value < '0' || *value > '9' || *tail || errno ||
	    id > UINT32_MAX) {
		admin_fail(call, -EINVAL, "\"revoke\" has the number of a lease after it, id=N");
		return;
	}
	ret = barlease_server_revoke(broker->server, id);
	if (ret == -ENOENT)
		admin_fail(call, ret, "no lease %lu", id);
	else if (ret)
		admin_fail(call, ret, "lease %lu: %s", id, strerror(-ret));
	else
		ok(call);
}

static void reset(struct broker *broker, struct admin_call *call, char *words)
{
	const char *bdf = value_of(words, "device");
	int ret;

	if (!bdf) {
		admin_fail(call, -EINVAL, "\"reset\" has a device after it, device=BDF");
		return;
	}
	ret = broker_reset(broker, bdf);
	if (ret == -ENOENT)
		admin_fail(call, ret, "no device %s", bdf);
	else if (ret)
		admin_fail(call, ret, "reset of %s: %s", bdf, strerror(-ret));
	else
		ok(call);
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

static void watch(struct broker *broker, struct admin_call *call, char *words)
{
	(void)broker;
	(void)words;
	admin_watch(call);
}

/* @has_words: after its name */
static const struct request {
	const char *name;
	bool has_words;
	void (*answer)(struct broker *broker, struct admin_call *call,
		       char *words);
} requests[] = {
	{ "devices", false, list_devices },
	{ "slices", false, list_slices },
	{ "leases", false, list_leases },
	{ "revoke", true, revoke },
	{ "reset", true, reset },
	{ "reload", false, reload },
	{ "watch", false, watch },
};

static const struct request *find(const char *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (!strcmp(requests[i].name, name))
			return &requests[i];
	return NULL;
}

void request_answer(void *data, struct admin_call *call, char *line)
{
	char *words = line, *name = strsep(&words, " ");
	const struct request *request = find(name);

	/* Of somebody who speaks something else, HTTP say, made to by others */
	if (!request)
		admin_reject(call, "unknown request \"%.32s\"", name);
	else if (words && !request->has_words)
		admin_fail(call, -EINVAL, "\"%s\" has no words after it",
			   request->name);
	else
		request->answer(data, call, words);
}
