// SPDX-License-Identifier: MIT
/*
 * barlease report has what whoever looks into something wrong will ask for, as
 * root and as anybody, with a broker and without; and nothing that is a secret
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli-run.h"
#include "lease.h"
#include "sysfs.h"
#include "tap.h"

#define WORKER		1001
#define SECRET		"topsecret"

/* Of the lab's machine, what its kernel's command line has to say about devices */
#ifdef __aarch64__
#define IOMMU_WORD	"pci=hpmmiosize="
#else
#define IOMMU_WORD	"intel_iommu=on"
#endif

#define REPORT(uid) \
	CLI_AS(uid, "report", "--config", "/tmp/barleased.conf")

static struct bdf dev;

static void has_sections(const struct run *run)
{
	static const char *const titles[] = {
		"Versions", "Command line of the kernel", "Modules", "Devices",
		"IOMMU groups", "lspci", "Doctor", "Configuration",
		"Devices of barleased", "Slices", "Leases", "The kernel's log",
	};
	const char *at = run->out;
	char title[64];
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(*titles) && at; i++) {
		snprintf(title, sizeof(title), "\n== %s\n", titles[i]);
		at = strstr(at, title);
		if (!at)
			diag("  no \"%s\"", titles[i]);
	}
	ok(at, "it has all of its sections, in order");
	ok(!*run->err, "and nothing is on stderr");
}

static void keeps_secrets(const struct run *run)
{
	ok(!strstr(run->out, SECRET), "no secret is in it");
	ok(!strstr(run->out, "worker1"), "nor a user's name");
	ok(!strstr(run->out, "sysrq_always_enabled"),
	   "nor words of the command line that have nothing to do with devices");
}

static void by_root(void)
{
	const struct run *run = REPORT(0);
	char text[64];

	cli_is(run, 0, "report, by root, of a broker that runs");
	has_sections(run);
	keeps_secrets(run);
	cli_says(run, "kernel: Linux ");
	cli_says(run, IOMMU_WORD);
	cli_says(run, "\nbarlease ");
	cli_says(run, "\nbarleased ");
	cli_says(run, "driver: build id ");
	cli_says(run, "stand_in=N");
	snprintf(text, sizeof(text), "%s: group ", dev.name);
	cli_says(run, text);
	cli_says(run, "good  IOMMU ");
	cli_says(run, "users = 1001\n");
	snprintf(text, sizeof(text), "%s  open", dev.name);
	cli_says(run, text);
	cli_says(run, "doorbell");
	cli_says(run, "] barlease: here is cli-report\n");
	ok(!strstr(run->out, "what is nobody's business"),
	   "nothing else of the kernel's log is in it");
	cli_says(run, "barlease: of xx:xx:xx:xx:xx:xx\n");
}

static void by_anybody(void)
{
	const struct run *run = REPORT(WORKER);

	cli_is(run, 0, "report, by anybody");
	has_sections(run);
	keeps_secrets(run);
	cli_says(run, "run by uid 1001, who is not shown");
	cli_says(run, "/run/barlease/admin: Permission denied");
	cli_says(run, "kernel: Linux ");
}

static void without_a_broker(void)
{
	const struct run *run;

	unlink("/tmp/barleased.conf");
	run = REPORT(0);
	cli_is(run, 0, "report, without a broker and its configuration");
	has_sections(run);
	cli_says(run, "/tmp/barleased.conf: cannot be read: No such file");
	cli_says(run, "is barleased running?");
	cli_says(run, "lspci is not there");
}

int main(void)
{
	char config[512];

	dev = dev_small();
	snprintf(config, sizeof(config),
		 "# " SECRET "\n[device %s] ; " SECRET "\n"
		 "[slice doorbell]\nbar = 2\nranges = 0x0+64K\nusers = worker1\n",
		 dev.name);
	setenv("BARLEASE_TOKEN", SECRET, 1);
	broker_start(config);
	is_ok(file_write("/dev/kmsg", "<5>barlease: here is cli-report\n"),
	      "the kernel's log has something of ours");
	is_ok(file_write("/dev/kmsg", "<5>barlease: of 52:54:00:12:34:56\n"),
	      "with the address of a card");
	is_ok(file_write("/dev/kmsg", "<5>what is nobody's business\n"),
	      "and something else");
	by_root();
	by_anybody();
	broker_stop();
	without_a_broker();
	return tap_done();
}
