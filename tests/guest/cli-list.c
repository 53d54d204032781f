// SPDX-License-Identifier: MIT
/*
 * barlease list and doctor: what there is, and whether it is as it should be
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-run.h"
#include "lease.h"
#include "sysfs.h"
#include "tap.h"

static void has_line(const struct run *run, struct bdf dev, const char *what,
		     const char *bars, const char *end)
{
	const char *line = cli_line(run, dev.name);

	ok(strstr(line, what) && strstr(line, bars) && strstr(line, end),
	   "%s has a line with %s, %s and \"%s\"", dev.name, what, bars, end);
	diag("  %s", line);
}

static const char *size_of(struct bdf big)
{
	return pci_bar_size(big, BAR2) == GIB(1) ? "2: 1 GiB" : "2: 256 MiB";
}

static void list(void)
{
	const struct run *run = CLI("list");
	struct bdf big = dev_big();

	cli_is(run, 0, "list");
	cli_says(run, "DEVICE ");
	has_line(run, big, "1af4:1110", size_of(big), "  yes");
	has_line(run, dev_edu(), "1234:11e8", "0: 1 MiB", "  yes");
	has_line(run, dev_display(), "display", "16 MiB", OUR_DRIVER);
	has_line(run, big, "1af4:1110", "0: 256 B (leased as a page)", "  yes");
	has_line(run, dev_card(), "network",
		 "3: 16 KiB (MSI-X: 0x0-0xfff, 0x2000-0x2fff)", "  yes");
	has_line(CLI_AS(1001, "list"), dev_card(), "network", "3: 16 KiB",
		 "  yes");
	ok(!strstr(run->out, "bridge"), "no bridge is listed");

	run = CLI("list", "--all");
	cli_is(run, 0, "list --all");
	cli_says(run, "no: a bridge");

	is_ok(pci_unbind(big), "a device is unbound");
	has_line(CLI("list"), big, "1af4:1110", " - ", "no: not bound");
	is_ok(pci_bind(big, OUR_DRIVER), "and bound again");
}

static void list_json(void)
{
	const struct run *run = CLI("list", "--json");
	char device[64], size[64];

	cli_is(run, 0, "list --json");
	snprintf(device, sizeof(device), "\"device\": \"%s\"", dev_big().name);
	snprintf(size, sizeof(size), "\"size\": %llu",
		 (unsigned long long)pci_bar_size(dev_big(), BAR2));
	cli_says(run, device);
	cli_says(run, "\"vendor_id\": \"1af4\"");
	cli_says(run, size);
	cli_says(run, "\"driver\": \"" OUR_DRIVER "\"");
	cli_says(run, "\"module\": \"" OUR_MODULE "\"");
	cli_says(run, "\"leases\": true");
	cli_says(run, "\"why_not\": null");
	cli_says(run, "\"msix\": [");
	cli_says(run, "\"offset\": 8192");

	run = CLI_AS(1001, "list");
	cli_is(run, 0, "list, as an ordinary user");
	has_line(run, dev_big(), "1af4:1110", size_of(dev_big()), "  yes");
}

static void node_of(struct bdf dev, char *node, size_t size)
{
	char path[256], target[256];
	ssize_t n;

	pci_path(dev, "iommu_group", path, sizeof(path));
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		bail("%s has no IOMMU group", dev.name);
	target[n] = '\0';
	snprintf(node, size, "/dev/vfio/%s", strrchr(target, '/') + 1);
}

static void doctor(void)
{
	const struct run *run = CLI("doctor");
	char node[300];

	cli_is(run, 0, "doctor");
	cli_says(run, "good  kernel  Linux ");
	cli_says(run, "good  IOMMU   on, with ");
	cli_says(run, OUR_DRIVER " is loaded");
	cli_says(run, "can be leased from");
	cli_says(run, "note  broker  nobody is at /run/barlease/socket");
	cli_says(run, "and start barleased");
	ok(!strstr(run->out, "bad "), "nothing is bad");

	run = CLI("doctor", "--json");
	cli_is(run, 0, "doctor --json");
	cli_says(run, "\"health\": \"note\"");
	cli_is(CLI_AS(1001, "doctor"), 0, "doctor, as an ordinary user");

	node_of(dev_big(), node, sizeof(node));
	ok(!chmod(node, 0666), "everybody may open a group");
	run = CLI("doctor");
	cli_is(run, 1, "that is bad");
	cli_says(run, "everybody can open /dev/vfio/");
	ok(!chmod(node, 0600), "nobody but root may");
	cli_is(CLI("doctor"), 0, "that is good");
}

static void misuse(void)
{
	cli_is(CLI("--help"), 0, "--help");
	cli_is(CLI("--version"), 0, "--version");
	cli_is(CLI("frobnicate"), 2, "an unknown verb");
	cli_is(CLI("list", "--frobnicate"), 2, "an unknown option");
	cli_is(CLI("list", "this"), 2, "an operand too many");
	cli_is(CLI("show"), 2, "an operand too few");
	cli_is(CLI("show", "9.9"), 2, "an address that is none");
	cli_complains(CLI("show", "0000:fe:00.0"),
		      "barlease: show: no device 0000:fe:00.0; 'barlease list' shows them");
}

int main(void)
{
	NEEDS_SMALL_PAGES;
	unlink("/run/barlease/socket");
	list();
	list_json();
	doctor();
	misuse();
	return tap_done();
}
