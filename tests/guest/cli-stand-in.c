// SPDX-License-Identifier: MIT
/*
 * barlease, while its driver has the name of vfio-pci, and while another has it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli-run.h"
#include "kernel.h"
#include "lease.h"
#include "sysfs.h"
#include "tap.h"
#include "vfio.h"

#define STOCK_MODULE	"vfio_pci"
#define STANDING_IN	STOCK_DRIVER " (barlease)"

static struct bdf dev;

static void is_bound(struct bdf which, const char *want, const char *override)
{
	char driver[64], text[64] = "";

	pci_driver(which, driver, sizeof(driver));
	pci_read(which, "driver_override", text, sizeof(text));
	if (!ok(!strcmp(driver, want) && !strcmp(text, override),
		"its driver is \"%s\", its driver_override \"%s\"", want,
		override))
		diag("  \"%s\" and \"%s\"", driver, text);
}

static void is_listed(const char *driver, const char *leases)
{
	const char *line = cli_line(CLI("list"), dev.name);

	ok(strstr(line, driver) && strstr(line, leases),
	   "list has it with \"%s\" and \"%s\"", driver, leases);
	diag("  %s", line);
}

static void unload(const char *module)
{
	if (!is_ok(module_unload(module), "%s is unloaded", module))
		bail("it stays");
}

static void load(const char *module, const char *parameter)
{
	is_int(module_load(module, parameter), 0, "%s is loaded%s%s", module,
	       parameter ? " with " : "", parameter ?: "");
}

static void bound_by_name(void)
{
	const struct run *run;

	is_listed(" - ", "no: not bound");
	run = CLI("bind", dev.name);
	cli_is(run, 0, "a device is bound");
	cli_says(run, "bound to " STANDING_IN ", was without a driver");
	is_bound(dev, STOCK_DRIVER, STOCK_DRIVER);
	run = CLI("bind", dev.name);
	cli_is(run, 0, "once more");
	cli_says(run, "bound to " STANDING_IN " already");
}

static void looked_at(void)
{
	const struct run *run;

	is_listed(" " STANDING_IN " ", " yes");
	run = CLI("list", "--json");
	cli_says(run, "\"driver\": \"" STOCK_DRIVER "\"");
	cli_says(run, "\"module\": \"" OUR_MODULE "\"");
	run = CLI("doctor");
	cli_is(run, 0, "doctor finds nothing bad");
	cli_says(run, OUR_DRIVER " is loaded, and stands in for vfio-pci");
	cli_says(run, "(display) can be leased from");
	run = CLI("wc", dev.name);
	cli_is(run, 0, "wc");
	cli_says(run, "BAR 0 ");
	run = CLI("wc", dev.name, "5");
	cli_is(run, 3, "wc of a BAR that is not there");
	cli_complains(run, "it is bound to " STANDING_IN);
}

static void unbound_by_name(void)
{
	struct vfio vfio = vfio_open(dev);
	const struct run *run;

	run = CLI("unbind", dev.name);
	cli_is(run, 1, "it is not unbound while it is open");
	cli_complains(run, "is in use: process ");
	vfio_close(&vfio);
	run = CLI("unbind", dev.name);
	cli_is(run, 0, "and then it is");
	cli_says(run, "has no driver now");
	is_bound(dev, "", OUR_DRIVER);
	run = CLI("doctor");
	cli_is(run, 1, "doctor");
	cli_says(run, "no device is bound to " OUR_DRIVER);
}

/* By a program that goes by names, as DPDK's does */
static void bound_by_others(void)
{
	is_ok(pci_bind(dev, STOCK_DRIVER), "somebody else binds it");
	is_listed(" " STANDING_IN " ", " yes");
	cli_is(CLI("unbind", dev.name), 0, "it is unbound");
	is_bound(dev, "", "(null)");
}

static void bound_by_ids(void)
{
	const char *ids = "/sys/bus/pci/drivers/" STOCK_DRIVER;
	const struct run *run;
	char path[128];

	snprintf(path, sizeof(path), "%s/new_id", ids);
	is_ok(file_write(path, "1234 1111"), "its ids are written to new_id");
	is_bound(dev, STOCK_DRIVER, "(null)");
	run = CLI("unbind", dev.name);
	cli_is(run, 1, "then it cannot be unbound for good");
	cli_complains(run, STANDING_IN " has taken it again");
	snprintf(path, sizeof(path), "%s/remove_id", ids);
	is_ok(file_write(path, "1234 1111"), "and to remove_id");
	cli_is(CLI("unbind", dev.name), 0, "then it can");
	is_bound(dev, "", "(null)");
}

static struct bdf vf_of(struct bdf pf)
{
	char path[256], target[256] = "";
	struct bdf vf;

	pci_path(pf, "virtfn0", path, sizeof(path));
	if (readlink(path, target, sizeof(target) - 1) < 0)
		bail("%s has no VF", pf.name);
	snprintf(vf.name, sizeof(vf.name), "%.15s", basename(target));
	return vf;
}

/* The kernel has given them driver_override, and nothing is remembered. */
static void vfs(void)
{
	struct bdf pf, vf;

	if (!pci_find(&pf, 0x8086, 0x10c9, 0, KIB(128))) {
		skip("this emulator has no igb", "VFs");
		return;
	}
	cli_is(CLI("bind", pf.name), 0, "a device with VFs is bound");
	is_ok(file_write("/sys/module/" OUR_MODULE "/parameters/enable_sriov",
			 "Y"), "enable_sriov is set");
	is_ok(pci_write(pf, "sriov_numvfs", "1"), "it gets a VF");
	vf = vf_of(pf);
	is_bound(vf, STOCK_DRIVER, STOCK_DRIVER);
	cli_is(CLI("unbind", vf.name), 0, "the VF is unbound");
	is_bound(vf, "", "(null)");
	is_ok(pci_write(pf, "sriov_numvfs", "0"), "the VF goes");
	cli_is(CLI("unbind", pf.name), 0, "the device is unbound");
	is_bound(pf, "", OUR_DRIVER);
}

/* What it had before the first bind is what it gets back after the last. */
static void name_changes(void)
{
	const struct run *run;

	cli_is(CLI("bind", dev.name), 0, "a device without a driver is bound");
	unload(OUR_MODULE);
	is_bound(dev, "", STOCK_DRIVER);
	load(OUR_DRIVER, NULL);
	run = CLI("bind", dev.name);
	cli_is(run, 0, "it is bound to the driver under its own name");
	cli_says(run, "bound to " OUR_DRIVER ", was");
	is_bound(dev, OUR_DRIVER, OUR_DRIVER);
	run = CLI("unbind", dev.name);
	cli_says(run, "has no driver now");
	is_bound(dev, "", "(null)");
}

/* The stock driver is not ours, and comes back when ours has made room. */
static void stock(void)
{
	const struct run *run;

	load("vfio-pci", NULL);
	is_ok(pci_bind(dev, STOCK_DRIVER), "the device is vfio-pci's");
	is_listed(" " STOCK_DRIVER " ", "no: bound to vfio-pci");
	run = CLI("list");
	ok(!strstr(run->out, STANDING_IN), "nothing stands in");
	cli_says(CLI("list", "--json"), "\"module\": \"" STOCK_MODULE "\"");
	run = CLI("unbind", dev.name);
	cli_is(run, 1, "unbind");
	cli_complains(run, "is bound to vfio-pci, not to " OUR_DRIVER);
	cli_says(CLI("bind", dev.name), "to " OUR_DRIVER ", was bound to vfio-pci");

	unload(OUR_MODULE);
	unload(STOCK_MODULE);
	load(OUR_DRIVER, "stand_in=1");
	cli_says(CLI("bind", dev.name), "bound to " STANDING_IN);
	run = CLI("unbind", dev.name);
	cli_is(run, 0, "the stand-in does not take itself for what it had");
	cli_says(run, "has no driver now");
	is_bound(dev, "", STOCK_DRIVER);
	unload(OUR_MODULE);
	load("vfio-pci", NULL);
	is_bound(dev, STOCK_DRIVER, STOCK_DRIVER);
	is_ok(pci_unbind(dev), "it is unbound");
	unload(STOCK_MODULE);
}

int main(void)
{
	struct bdf devs[32];
	size_t before = pci_of_driver(OUR_DRIVER, devs, 32);

	unlink("/run/barlease/socket");
	dev = dev_display();
	if (!stock_is_module()) {
		skip("vfio-pci is built into this kernel", "to stand in");
		return tap_done();
	}
	unload(OUR_MODULE);
	load(OUR_DRIVER, "stand_in=1");
	bound_by_name();
	looked_at();
	unbound_by_name();
	bound_by_others();
	bound_by_ids();
	vfs();
	name_changes();
	stock();

	load(OUR_DRIVER, NULL);
	is_ok(pci_bind(dev, OUR_DRIVER), "the display is bound as before");
	is_int(pci_of_driver(OUR_DRIVER, devs, 32), before,
	       "and so are the others");
	return tap_done();
}
