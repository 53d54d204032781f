// SPDX-License-Identifier: MIT
/*
 * What administrators ask for, line by line
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "describe.h"
#include "requests.h"

/* @key: of the one word after the request's name; NULL: there is none */
struct request {
	const char *name;
	const char *key;
	void (*answer)(struct broker *broker, const char *value, FILE *out);
};

static void list_devices(struct broker *broker, const char *value, FILE *out)
{
	(void)value;
	for (size_t i = 0; i < broker->config->nr_devices; i++) {
		const char *bdf = broker->config->devices[i].bdf;

		if (devices_find(&broker->devices, bdf))
			fprintf(out, "device name=%s\n", bdf);
	}
	fputs("ok\n", out);
}

static void list_slices(struct broker *broker, const char *value, FILE *out)
{
	const struct config *config = broker->config;
	unsigned int *holders = leases_count(&broker->leases, config);

	(void)value;
	if (!holders) {
		fprintf(out, "error %s\n", strerror(ENOMEM));
		return;
	}
	for (size_t i = 0; i < config->nr_slices; i++) {
		describe_slice(out, config, &config->slices[i], holders[i]);
		fputc('\n', out);
	}
	free(holders);
	fputs("ok\n", out);
}

static void list_leases(struct broker *broker, const char *value, FILE *out)
{
	const struct lease *lease;

	(void)value;
	LIST_FOREACH(lease, &broker->leases, link) {
		fputs("lease ", out);
		describe_lease(out, broker->config, lease);
		fputc('\n', out);
	}
	fputs("ok\n", out);
}

static void revoke(struct broker *broker, const char *value, FILE *out)
{
	unsigned long id;
	char *end;
	int ret;

	errno = 0;
	id = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || id > UINT32_MAX) {
		fprintf(out, "error \"%s\" is no number of a lease\n", value);
		return;
	}
	ret = barlease_server_revoke(broker->server, id);
	if (ret == -ENOENT)
		fprintf(out, "error no lease %lu\n", id);
	else if (ret)
		fprintf(out, "error lease %lu: %s\n", id, strerror(-ret));
	else
		fputs("ok\n", out);
}

static void reset(struct broker *broker, const char *value, FILE *out)
{
	int ret = broker_reset(broker, value);

	if (ret == -ENOENT)
		fprintf(out, "error no device %s\n", value);
	else if (ret)
		fprintf(out, "error reset of %s: %s\n", value, strerror(-ret));
	else
		fputs("ok\n", out);
}

static void reload(struct broker *broker, const char *value, FILE *out)
{
	struct config_errors errors = { 0 };

	(void)value;
	if (!broker_reload(broker, &errors)) {
		fputs("ok\n", out);
		return;
	}
	fputs("error ", out);
	for (size_t i = 0; i < errors.nr; i++) {
		const struct config_error *error = &errors.list[i];

		fprintf(out, "%s%s:", i ? "; " : "", broker->path);
		if (error->line)
			fprintf(out, "%u:", error->line);
		fprintf(out, " %s", error->text);
	}
	fputc('\n', out);
	config_free_errors(&errors);
}

static void watch(struct broker *broker, const char *value, FILE *out)
{
	(void)broker;
	(void)value;
	fputs("ok\n", out);
}

static const struct request requests[] = {
	{ "devices", NULL, list_devices },
	{ "slices", NULL, list_slices },
	{ "leases", NULL, list_leases },
	{ "revoke", "id", revoke },
	{ "reset", "device", reset },
	{ "reload", NULL, reload },
	{ "watch", NULL, watch },
};

static const struct request *find(const char *name)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
		if (!strcmp(requests[i].name, name))
			return &requests[i];
	return NULL;
}

/* The value of "key=value"; NULL where that is not what it is */
static const char *value_of(const char *word, const char *key)
{
	size_t length = strlen(key);

	if (!word || strncmp(word, key, length) || word[length] != '=')
		return NULL;
	return word + length + 1;
}

bool request_answer(void *data, char *line, FILE *out)
{
	struct broker *broker = data;
	char *rest = line, *name = strsep(&rest, " ");
	const struct request *request = find(name);
	const char *value = NULL;

	if (!request) {
		fprintf(out, "error unknown request \"%.32s\"\n", name);
		return false;
	}
	if (request->key)
		value = value_of(rest, request->key);
	if (request->key ? !value : !!rest) {
		fprintf(out, "error \"%s\" has %s%s\n", request->name,
			request->key ? "one word after it, which begins with " :
				       "no words after it",
			request->key ?: "");
		return false;
	}
	request->answer(broker, value, out);
	return request->answer == watch;
}
