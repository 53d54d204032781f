// SPDX-License-Identifier: MIT
/*
 * barlease doctor: is this machine ready for leases, and what is to be done
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <barlease.h>

#include "admin.h"
#include "checks.h"
#include "cli.h"
#include "device.h"
#include "json.h"
#include "peers.h"
#include "served.h"
#include "text.h"
#include "wanted.h"

static const char *const names[] = {
	[HEALTH_GOOD] = "good",
	[HEALTH_NOTE] = "note",
	[HEALTH_BAD] = "bad",
};

/* The kernel keeps this user out, who may be right for the group. */
static int add_denied(struct checks *checks, const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return checks_add(checks, "broker", HEALTH_BAD,
				  "let everybody into its directory (mode 755)",
				  "at %s, where this user cannot look", path);
	return checks_add(checks, "broker", HEALTH_BAD,
			  "say 'socket-mode = 0666' in [broker], or SocketMode=0666 in barleased.socket, and restart it; who gets what, the slices say",
			  "at %s, whose mode %03o keeps this user out", path,
			  status.st_mode & 0777);
}

static int add_nobody(struct checks *checks, const char *path,
		      const char *config)
{
	if (access(config, F_OK))
		return checks_add(checks, "broker", HEALTH_NOTE,
				  "write one (see barleased.conf(5)) and start barleased, unless your own driver vends with libbarlease",
				  "nobody is at %s, and there is no %s", path,
				  config);
	return checks_add(checks, "broker", HEALTH_NOTE,
			  "start barleased, unless your own driver vends with libbarlease",
			  "nobody is at %s", path) ?:
	       checks_command(checks, "systemctl start barleased");
}

static int add_socket(struct checks *checks, const char *path,
		      const char *config, int ret)
{
	if (!ret)
		return checks_add(checks, "broker", HEALTH_GOOD, "",
				  "answers at %s", path);
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		return add_nobody(checks, path, config);
	/* The kernel would have let this user connect: it was the broker's word. */
	if (ret == -EACCES && !faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
		return checks_add(checks, "broker", HEALTH_GOOD, "",
				  "answers at %s; it has nothing for this user",
				  path);
	if (ret == -EACCES)
		return add_denied(checks, path);
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
	ret = add_socket(checks, path, options->config, there);
	/* Nobody else has a right to the other one. */
	if (ret || (there && there != -EACCES) || geteuid())
		return ret;
	there = admin_connect(options->admin, &admin);
	ret = add_socket(checks, options->admin, options->config, there);
	if (there)
		return ret;
	ret = ret ?: check_served(admin, checks);
	admin_close(admin);
	return ret;
}

static void print_text(const struct checks *checks)
{
	const struct check *check;
	size_t i;

	for (i = 0; i < checks->nr; i++) {
		check = &checks->check[i];
		text_print(stdout, "%-4s  %-7s %s\n", names[check->health],
			   check->name, check->found);
		if (check->advice[0])
			printf("              -> %s\n", check->advice);
		if (check->command[0])
			printf("               # %s\n", check->command);
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
		json_put_text(object, "command", check->command);
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
	bool without = options->given & OPT_NO_IOMMU;

	return check_kernel("", checks) ?:
	       check_combining("", checks) ?:
	       (without ? check_no_iommu : check_iommu)("", checks) ?:
	       check_modules("", checks) ?:
	       check_config(options->config, checks) ?:
	       check_wanted("", options->config, checks) ?:
	       check_devices("", checks) ?:
	       check_peers("", peers_ask, checks) ?:
	       check_broker(options, checks);
}

static int print(const struct options *options, const struct checks *checks)
{
	if (options->given & OPT_JSON)
		print_json(checks);
	else
		print_text(checks);
	return count_bad(checks) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int cannot_ask(const struct verb *verb, const struct pci_device *dev,
		      int error)
{
	if (error == -EACCES)
		return failed_by(verb, error, "only root may ask for that");
	if (error == -ENOENT)
		return failed(verb, "%s: the driver that is loaded lets no device have leases",
			      dev->bdf);
	return failed(verb, "%s: %s", dev->bdf, strerror(-error));
}

/* Could the second have leases of the first? */
static int two(const struct verb *verb, const struct options *options,
	       const struct pci_device *devs)
{
	struct checks checks = { 0 };
	int ret;

	if (!strcmp(devs[0].bdf, devs[1].bdf))
		return misused(verb, "two devices, not the same one twice");
	if (!pci_is_ours(&devs[0]))
		return failed_by(verb, -ENODEV, "%s has no leases: it is bound to %s",
				 devs[0].bdf, *devs[0].driver ?
				 pci_driver_text(&devs[0]).text : "no driver");
	ret = check_peer("", peers_ask, &devs[0], &devs[1], &checks);
	ret = ret ? cannot_ask(verb, &devs[0], ret) : print(options, &checks);
	free(checks.check);
	return ret;
}

static int all(const struct verb *verb, const struct options *options)
{
	struct checks checks = { 0 };
	int ret;

	ret = look(options, &checks);
	ret = ret ? failed(verb, "%s", strerror(-ret)) :
		    print(options, &checks);
	free(checks.check);
	return ret;
}

static int doctor(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	struct pci_device *devs;
	int ret;

	if (!argc)
		return all(verb, options);
	if (argc == 1)
		return misused(verb, "leases of %s for which device?", argv[0]);
	ret = devices_named(verb, argc, argv, &devs);
	if (ret)
		return ret;
	ret = two(verb, options, devs);
	free(devs);
	return ret;
}

const struct verb doctor_verb = {
	.name = "doctor",
	.operands = "[DEVICE PEER]",
	.summary = "look at whether this machine is ready for leases",
	.details =
"Looks at the kernel, the IOMMU, the modules, barleased's configuration and the\n"
"devices that it names, the devices that are bound and their nodes in /dev, which\n"
"other devices can have leases of those, and the broker. Says what to do about\n"
"what is not as it should be, and where a command mends it, which: behind a \"#\".\n"
"Ends with 1 if something is bad; a note is not. With two devices, says only\n"
"whether PEER can have leases of DEVICE, and ends with 1 if it cannot.\n"
"--no-iommu: VFIO's no-IOMMU mode is wanted, and nothing bad.\n",
	.examples =
"  barlease doctor\n"
"  barlease doctor 0000:03:00.0 0000:04:00.0\n"
"  barlease doctor --json | jq '.checks[] | select(.health != \"good\")'\n"
"  barlease doctor --json | jq -r '.checks[] | select(.health == \"bad\").command'\n",
	.takes = OPT_ADMIN | OPT_CONFIG | OPT_JSON | OPT_NO_IOMMU | OPT_SOCKET,
	.max = 2,
	.run = doctor,
};
