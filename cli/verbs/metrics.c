// SPDX-License-Identifier: MIT
/*
 * barlease metrics: what there is and what has happened, for Prometheus
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "metrics.h"
#include "sysfs.h"
#include "text.h"

/* A request that is longer, or takes longer, is none. */
#define LONGEST_REQUEST	8192
#define REQUEST_MS	5000

/* ---- Whom to ask ----------------------------------------------------------- */

static int ask_all(const struct verb *verb, struct admin *admin,
		   struct metrics *metrics)
{
	int ret;

	metrics->up = true;
	ret = broker_ask(verb, admin, "devices", &metrics->devices);
	if (!ret)
		ret = broker_ask(verb, admin, "slices", &metrics->slices);
	if (!ret)
		ret = broker_ask(verb, admin, "leases", &metrics->leases);
	if (!ret)
		ret = broker_ask(verb, admin, "grants", &metrics->grants);
	if (!ret)
		ret = broker_ask(verb, admin, "counters", &metrics->counters);
	return ret;
}

/* That nobody is there is worth knowing, and no error. */
static int ask_broker(const struct verb *verb, const struct options *options,
		      struct metrics *metrics)
{
	struct admin *admin;
	int ret;

	ret = admin_connect(options->admin, &admin);
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		return EXIT_SUCCESS;
	if (ret)
		return broker_connect_failed(verb, options, ret);
	ret = ask_all(verb, admin, metrics);
	admin_close(admin);
	return ret;
}

static void free_answers(struct metrics *metrics)
{
	records_free(&metrics->devices);
	records_free(&metrics->slices);
	records_free(&metrics->leases);
	records_free(&metrics->grants);
	records_free(&metrics->counters);
}

/* All of it as text, for free(), or an exit status */
static int collect(const struct verb *verb, const struct options *options,
		   char **text, size_t *size)
{
	struct metrics metrics = { 0 };
	FILE *to = open_memstream(text, size);
	int ret, error;

	if (!to)
		return failed(verb, "%s", strerror(ENOMEM));
	error = metrics_print_driver("", to);
	if (error)
		ret = failed_by(verb, error, "PCI devices: %s",
				strerror(-error));
	else
		ret = ask_broker(verb, options, &metrics);
	if (!ret)
		metrics_print(&metrics, to);
	free_answers(&metrics);
	if (!text_close(to, text) && !ret)
		ret = failed(verb, "%s", strerror(ENOMEM));
	if (ret)
		free(*text);
	return ret;
}

/* ---- HTTP, on standard input and output ------------------------------------- */

/* Until its empty line; what it asks for does not matter, there is one thing */
static bool read_request(void)
{
	char request[LONGEST_REQUEST + 1];
	size_t size = 0;
	ssize_t n;

	do {
		struct pollfd in = { STDIN_FILENO, POLLIN, 0 };

		if (poll(&in, 1, REQUEST_MS) <= 0)
			return false;
		n = read(STDIN_FILENO, request + size, LONGEST_REQUEST - size);
		if (n <= 0)
			return false;
		size += n;
		request[size] = '\0';
	} while (!strstr(request, "\r\n\r\n") && size < LONGEST_REQUEST);
	return size < LONGEST_REQUEST && !strncmp(request, "GET ", 4);
}

static int answer(const struct verb *verb, const struct options *options)
{
	char *text;
	size_t size;
	int ret;

	if (!read_request()) {
		fputs("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
		      stdout);
		return failed(verb, "no HTTP request on standard input; leave --http out");
	}
	ret = collect(verb, options, &text, &size);
	if (ret) {
		fputs("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n",
		      stdout);
		return ret;
	}
	printf("HTTP/1.1 200 OK\r\n"
	       "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
	       "Content-Length: %zu\r\nConnection: close\r\n\r\n", size);
	fwrite(text, 1, size, stdout);
	free(text);
	return EXIT_SUCCESS;
}

static int metrics(const struct verb *verb, const struct options *options,
		   int argc, char **argv)
{
	char *text;
	size_t size;
	int ret;

	(void)argc;
	(void)argv;
	if (options->given & OPT_HTTP)
		return answer(verb, options);
	ret = collect(verb, options, &text, &size);
	if (ret)
		return ret;
	fwrite(text, 1, size, stdout);
	free(text);
	return EXIT_SUCCESS;
}

const struct verb metrics_verb = {
	.name = "metrics",
	.operands = "",
	.summary = "print what has been counted, for Prometheus",
	.details =
"Of the driver, for each device that it has, and of barleased if there is one\n"
"(barlease_up), in Prometheus' text format. With --http answers one request of\n"
"HTTP on standard input, as who listens for a service is started by systemd\n"
"(Accept=yes). Asks barleased, for root only, or by its monitor's socket for whom\n"
"that is.\n",
	.examples =
"  barlease metrics\n"
"  barlease metrics --admin /run/barlease/monitor | grep _holders\n"
"  barlease metrics >/var/lib/prometheus/node-exporter/barlease.prom\n",
	.takes = OPT_ADMIN | OPT_HTTP,
	.run = metrics,
};
