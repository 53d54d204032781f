// SPDX-License-Identifier: MIT
/*
 * barlease doctor: is this machine ready for leases, and what is to be done
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#include "admin.h"
#include "checks.h"
#include "cli.h"
#include "json.h"

static const char *const names[] = {
	[HEALTH_GOOD] = "good",
	[HEALTH_NOTE] = "note",
	[HEALTH_BAD] = "bad",
};

static int add_socket(struct checks *checks, const char *path, int ret)
{
	if (!ret)
		return checks_add(checks, "broker", HEALTH_GOOD, "",
				  "answers at %s", path);
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		return checks_add(checks, "broker", HEALTH_NOTE,
				  "start barleased ('systemctl start barleased'), unless your own driver vends with libbarlease",
				  "nobody is at %s", path);
	if (ret == -EACCES)
		return checks_add(checks, "broker", HEALTH_NOTE,
				  "ask whoever set barleased up for the right, or try it as root",
				  "at %s, but you may not connect", path);
	return checks_add(checks, "broker", HEALTH_BAD,
			  "see what barleased logs ('journalctl -u barleased'), and whether it is of this version",
			  "%s: %s", path, strerror(-ret));
}

static int check_broker(const struct options *options, struct checks *checks)
{
	const char *path = options->socket ?: getenv("BARLEASE_SOCKET") ?:
			   "/run/barlease/socket";
	struct barlease_client *client;
	struct admin *admin;
	int there, ret;

	there = barlease_client_connect(path, &client);
	if (!there)
		barlease_client_close(client);
	ret = add_socket(checks, path, there);
	/* Nobody else has a right to the other one. */
	if (ret || there || geteuid())
		return ret;
	ret = admin_connect(options->admin, &admin);
	if (!ret)
		admin_close(admin);
	return add_socket(checks, options->admin, ret);
}

static void print_text(const struct checks *checks)
{
	const struct check *check;
	size_t i;

	for (i = 0; i < checks->nr; i++) {
		check = &checks->check[i];
		printf("%-4s  %-7s %s\n", names[check->health], check->name,
		       check->found);
		if (check->advice[0])
			printf("              -> %s\n", check->advice);
	}
}

static void print_json(const struct checks *checks)
{
	struct json_object *answer = json_new();
	struct json_object *list = json_list(answer, "checks");
	struct json_object *object;
	const struct check *check;
	size_t i;

	for (i = 0; i < checks->nr; i++) {
		check = &checks->check[i];
		object = json_append(list);
		json_put_text(object, "check", check->name);
		json_put_text(object, "health", names[check->health]);
		json_put_text(object, "found", check->found);
		json_put_text(object, "advice", check->advice);
	}
	json_print(answer);
}

static size_t count_bad(const struct checks *checks)
{
	size_t i, n = 0;

	for (i = 0; i < checks->nr; i++)
		n += checks->check[i].health == HEALTH_BAD;
	return n;
}

static int look(const struct options *options, struct checks *checks)
{
	return check_kernel("", checks) ?:
	       check_iommu("", checks) ?:
	       check_modules("", checks) ?:
	       check_devices("", checks) ?:
	       check_broker(options, checks);
}

static int doctor(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	struct checks checks = { 0 };
	size_t bad;
	int ret;

	(void)argc;
	(void)argv;
	ret = look(options, &checks);
	if (!ret && options->given & OPT_JSON)
		print_json(&checks);
	else
		print_text(&checks);
	bad = count_bad(&checks);
	free(checks.check);
	if (ret)
		return failed(verb, "%s", strerror(-ret));
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct verb doctor_verb = {
	.name = "doctor",
	.operands = "",
	.summary = "look at whether this machine is ready for leases",
	.details =
"Looks at the kernel, the IOMMU, the modules, the devices that are bound and\n"
"their nodes in /dev, and the broker; says what to do about what is not as it\n"
"should be. Ends with 1 if something is bad; a note is not.\n",
	.examples =
"  barlease doctor\n"
"  barlease doctor --json | jq '.checks[] | select(.health != \"good\")'\n",
	.takes = OPT_ADMIN | OPT_JSON | OPT_SOCKET,
	.run = doctor,
};
