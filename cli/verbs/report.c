// SPDX-License-Identifier: MIT
/*
 * barlease report: what a report of something wrong should have
 *
 * Copyright (C) 2026 The barlease authors
 *
 * What cannot be read is said in its place. The rest is there all the same.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <barlease.h>

#include "cli.h"
#include "file.h"
#include "kmsg.h"
#include "program.h"
#include "redact.h"
#include "sysfs.h"
#include "text.h"
#include "wanted.h"

static void heading(const char *title)
{
	printf("\n== %s\n\n", title);
}

static void missing(const char *what, int error)
{
	text_print(stdout, "%s: cannot be read: %s\n", what, strerror(-error));
}

/* ---- Versions ------------------------------------------------------------ */

/* The module's file has the same; "readelf -n" shows it. */
static void print_build_id(void)
{
	static const char path[] =
		"/sys/module/" OUR_MODULE "/notes/.note.gnu.build-id";
	unsigned char note[16 + 20];
	size_t i, n = 0;
	FILE *file;

	file = fopen(path, "re");
	if (!file) {
		missing(path, -errno);
		return;
	}
	n = fread(note, 1, sizeof(note), file);
	fclose(file);
	printf("driver: build id ");
	/* Behind three numbers and the name "GNU" */
	for (i = 16; i < n; i++)
		printf("%02x", note[i]);
	putchar('\n');
}

/* What it says, but for lines with such a word in them, which may be NULL */
static bool print_program(const char *const *argv, const char *without)
{
	char *text, *next, *line;
	int ret, status;

	ret = program_run(argv, false, &text, &status);
	if (ret) {
		missing(argv[0], ret);
		return false;
	}
	if (status == PROGRAM_NOT_THERE)
		printf("%s is not there\n", argv[0]);
	for (next = text; (line = strsep(&next, "\n"));)
		if (*line && !(without && strstr(line, without)))
			text_print(stdout, "%s\n", line);
	free(text);
	return status != PROGRAM_NOT_THERE;
}

static void print_system(void)
{
	struct utsname name;
	char *text, *at;

	if (!uname(&name))
		text_print(stdout, "kernel: %s %s %s, %s\n", name.sysname,
			   name.release, name.version, name.machine);
	if (file_read_all(&text, "/etc/os-release"))
		return;
	at = strstr(text, "PRETTY_NAME=");
	if (at)
		text_print(stdout, "system: %.*s\n",
			   (int)strcspn(at + 12, "\n"), at + 12);
	free(text);
}

static void versions(void)
{
	static const char *const self[] = { "/proc/self/exe", "--version", NULL };
	static const char *const broker[] = { "barleased", "--version", NULL };

	heading("Versions");
	print_program(self, NULL);
	print_program(broker, NULL);
	printf("libbarlease %d.%d\n", barlease_version_major(),
	       barlease_version_minor());
	print_system();
	print_build_id();
	printf("run by uid %u%s\n", geteuid(), geteuid() ?
	       ", who is not shown what only root is" : "");
}

/* ---- The kernel ---------------------------------------------------------- */

static void print_parameters(const char *module)
{
	const struct dirent *entry;
	char path[PATH_MAX], value[256];
	DIR *dir;
	int ret;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters", module);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		ret = file_read(value, sizeof(value), "%s/%s", path,
				entry->d_name);
		text_print(stdout, "  %s=%s\n", entry->d_name,
			   ret ? strerror(-ret) : value);
	}
	if (dir)
		closedir(dir);
}

static void modules(void)
{
	static const char *const names[] = {
		OUR_MODULE, "vfio_pci", "vfio_pci_core", "vfio",
		"vfio_iommu_type1", "iommufd",
	};
	size_t i;

	heading("Modules");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!file_exists("/sys/module/%s", names[i])) {
			printf("%s: not there\n", names[i]);
			continue;
		}
		printf("%s\n", names[i]);
		print_parameters(names[i]);
	}
}

typedef char *(*redact_fn)(const char *text);

static void print_redacted(const char *path, redact_fn redact)
{
	char *text, *shown, *next, *line;
	int ret;

	ret = file_read_all(&text, "%s", path);
	if (ret) {
		missing(path, ret);
		return;
	}
	shown = redact(text);
	if (!shown)
		missing(path, -ENOMEM);
	for (next = shown; (line = strsep(&next, "\n"));)
		if (*line)
			text_print(stdout, "%s\n", line);
	free(shown);
	free(text);
}

static void command_line(void)
{
	heading("Command line of the kernel");
	print_redacted("/proc/cmdline", redact_cmdline);
}

/* ---- Devices ------------------------------------------------------------- */

struct devices {
	struct pci_device *dev;
	size_t nr;
	bool *concerned;
};

static bool is_wanted(const struct pci_device *dev,
		      const struct wanted *wanted, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(wanted[i].bdf, dev->bdf))
			return true;
	return false;
}

/* Ours, those that the configuration names, and who shares a group with those */
static int find_devices(const struct options *options, struct devices *devices)
{
	struct wanted *wanted;
	size_t i, j, nr;
	int ret;

	ret = sysfs_devices("", &devices->dev, &devices->nr);
	if (ret)
		return ret;
	devices->concerned = calloc(devices->nr ?: 1, sizeof(bool));
	if (!devices->concerned)
		return -ENOMEM;
	if (wanted_read(options->config, &wanted, &nr))
		nr = 0;
	for (i = 0; i < devices->nr; i++)
		devices->concerned[i] =
			pci_is_ours(&devices->dev[i]) ||
			!strcmp(devices->dev[i].override, OUR_DRIVER) ||
			is_wanted(&devices->dev[i], wanted, nr);
	free(wanted);
	for (i = 0; i < devices->nr; i++)
		for (j = 0; j < devices->nr && devices->dev[i].group >= 0; j++)
			if (devices->concerned[i] &&
			    devices->dev[j].group == devices->dev[i].group)
				devices->concerned[j] = true;
	return 0;
}

static void print_groups(const struct devices *devices)
{
	const struct pci_device *dev;
	size_t i;

	heading("IOMMU groups");
	for (i = 0; i < devices->nr; i++) {
		dev = &devices->dev[i];
		if (devices->concerned[i])
			text_print(stdout, "%s: group %s, driver %s, driver_override %s\n",
				   dev->bdf, dev->group < 0 ?
				   "none" : pci_group_text(dev).text,
				   *dev->driver ? pci_driver_text(dev).text :
						  "none",
				   *dev->override ? dev->override : "none");
	}
}

/* A serial number names one machine in the world. */
static void print_lspci(const struct devices *devices)
{
	const struct pci_device *dev;
	size_t i;

	heading("lspci");
	for (i = 0; i < devices->nr; i++) {
		if (!devices->concerned[i])
			continue;
		dev = &devices->dev[i];
		if (!print_program((const char *const []){
				   "lspci", "-nnvv", "-s", dev->bdf, NULL },
				   "Serial Number"))
			break;
	}
}

/* ---- Other verbs --------------------------------------------------------- */

static void print_verb(const char *title, const struct verb *verb,
		       const struct options *options, uint64_t given)
{
	struct options with = *options;

	heading(title);
	with.given = given;
	verb->run(verb, &with, 0, NULL);
}

static void broker(const struct options *options)
{
	print_verb("Devices of barleased", &devices_verb, options, 0);
	print_verb("Slices", &slices_verb, options, OPT_ALL_SLICES);
	print_verb("Leases", &ps_verb, options, 0);
}

/* ---- The kernel's log ---------------------------------------------------- */

/* The command line is in there as well, with all that is on it. */
static bool is_ours(const char *line, void *data)
{
	const struct devices *devices = data;
	size_t i;

	if (strstr(line, "ommand line:"))
		return false;
	if (strstr(line, "barlease") || strstr(line, "vfio"))
		return true;
	for (i = 0; i < devices->nr; i++)
		if (devices->concerned[i] && strstr(line, devices->dev[i].bdf))
			return true;
	return false;
}

static void kernel_log(struct devices *devices)
{
	int ret;

	heading("The kernel's log");
	ret = kmsg_print(stdout, is_ours, devices);
	if (ret < 0)
		missing("/dev/kmsg", ret);
}

static int report(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	struct devices devices = { 0 };
	int ret;

	(void)argc;
	(void)argv;
	/* What is missing is part of it. */
	fflush(stdout);
	if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		return failed(verb, "%s", strerror(errno));
	puts("Everything in here is about barlease, its devices and its users' numbers. Read it\n"
	     "before you send it.");
	versions();
	command_line();
	modules();
	print_verb("Devices", &list_verb, options, 0);
	ret = find_devices(options, &devices);
	if (ret)
		missing("/sys/bus/pci/devices", ret);
	if (!ret) {
		print_groups(&devices);
		print_lspci(&devices);
	}
	print_verb("Doctor", &doctor_verb, options, 0);
	heading("Configuration");
	print_redacted(options->config, redact_config);
	broker(options);
	if (ret)
		devices.nr = 0;
	kernel_log(&devices);
	free(devices.concerned);
	free(devices.dev);
	return EXIT_SUCCESS;
}

const struct verb report_verb = {
	.name = "report",
	.operands = "",
	.summary = "show what a report of something wrong should have",
	.details =
"Versions, modules and their parameters, the devices concerned and their IOMMU\n"
"groups, what 'doctor' finds, the configuration, the broker's devices, slices and\n"
"leases, and what the kernel has said. Run it as root: what cannot be read is said\n"
"in its place. Of the kernel's command line only what has to do with devices is\n"
"shown, of the configuration no comments, and users by their numbers; no\n"
"environment, and no serial numbers.\n",
	.examples =
"  barlease report >report.txt\n",
	.takes = OPT_ADMIN | OPT_CONFIG | OPT_SOCKET,
	.run = report,
};
