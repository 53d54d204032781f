// SPDX-License-Identifier: MIT
/*
 * barlease bind and unbind: a device gets the driver, and goes back to the one
 * that it had; nobody who uses it is disturbed
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli-run.h"
#include "kernel.h"
#include "sysfs.h"
#include "tap.h"
#include "vfio.h"

static struct bdf dev;

static void has_driver(const char *want)
{
	char driver[64];

	pci_driver(dev, driver, sizeof(driver));
	ok(!strcmp(driver, want), "its driver is \"%s\"", want);
	if (strcmp(driver, want))
		diag("  it is \"%s\"", driver);
}

static void has_override(const char *want)
{
	char text[64] = "";

	is_ok(pci_read(dev, "driver_override", text, sizeof(text)),
	      "driver_override can be read");
	ok(!strcmp(text, want), "it is \"%s\"", want);
}

static bool remembered(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/run/barlease-bind/%s", dev.name);
	return !access(path, F_OK);
}

static void from_nothing(void)
{
	const struct run *run;

	cli_is(CLI("unbind", dev.name), 0, "a device that init bound is unbound");
	has_driver("");
	has_override("(null)");
	run = CLI("unbind", dev.name);
	cli_is(run, 1, "once more");
	cli_complains(run, "has no driver");

	run = CLI("bind", dev.name);
	cli_is(run, 0, "it is bound");
	cli_says(run, "bound to " OUR_DRIVER ", was without a driver");
	has_driver(OUR_DRIVER);
	ok(remembered(), "what it was is remembered");
	run = CLI("bind", strchr(dev.name, ':') + 1);
	cli_is(run, 0, "once more, by its short address");
	cli_says(run, "unchanged, bound to " OUR_DRIVER " already");

	run = CLI("unbind", dev.name);
	cli_is(run, 0, "it is unbound");
	cli_says(run, "has no driver now");
	has_driver("");
	ok(!remembered(), "and forgotten");
}

static void from_another_driver(void)
{
	const struct run *run;

	is_int(module_load("vfio-pci", NULL), 0, "vfio-pci is loaded");
	is_ok(pci_bind(dev, STOCK_DRIVER), "the device is bound to vfio-pci");
	run = CLI("unbind", dev.name);
	cli_is(run, 1, "unbind is for " OUR_DRIVER " only");
	cli_complains(run, "is bound to vfio-pci, not to");

	run = CLI("bind", dev.name, dev.name);
	cli_is(run, 0, "it is bound, though it is named twice");
	cli_says(run, "was bound to vfio-pci");
	has_driver(OUR_DRIVER);
	run = CLI("unbind", dev.name);
	cli_is(run, 0, "it is unbound");
	cli_says(run, "given back to vfio-pci");
	has_driver(STOCK_DRIVER);
	has_override(STOCK_DRIVER);
}

/* As the one before, but what it had is unloaded meanwhile */
static void to_a_driver_that_is_gone(void)
{
	const struct run *run;

	if (!stock_is_module()) {
		skip("it is built into this kernel", "vfio-pci is unloaded");
		return;
	}
	cli_is(CLI("bind", dev.name), 0, "it is bound");
	is_ok(module_unload("vfio_pci"), "vfio-pci is unloaded meanwhile");
	run = CLI("unbind", dev.name);
	cli_is(run, 1, "it is unbound, and cannot be given back");
	cli_complains(run, "has no driver now: vfio-pci is not loaded (modprobe vfio-pci)");
	has_driver("");
	ok(!remembered(), "nothing is remembered any more");
	is_int(module_load("vfio-pci", NULL), 0, "vfio-pci is loaded");
	has_driver(STOCK_DRIVER);
}

/* The test itself, by its number */
static void complains_of_us(const struct run *run)
{
	char part[64];

	snprintf(part, sizeof(part), "process %d (cli-bind) has /dev/vfio/",
		 getpid());
	cli_complains(run, part);
}

static void in_use(void)
{
	struct vfio vfio = vfio_open(dev);
	const struct run *run;

	run = CLI("bind", "--force", dev.name);
	cli_is(run, 1, "bind of one that is open with vfio-pci, even with --force");
	complains_of_us(run);
	has_driver(STOCK_DRIVER);
	ok(!remembered(), "nothing is remembered");
	vfio_close(&vfio);

	cli_is(CLI("bind", dev.name), 0, "once it is closed, it is bound");
	vfio = vfio_open(dev);
	run = CLI("unbind", dev.name);
	cli_is(run, 1, "unbind of one that is open");
	complains_of_us(run);

	vfio_close_group(&vfio);
	run = CLI("unbind", dev.name);
	cli_is(run, 1, "unbind of one that is open, with its group's fd closed");
	cli_complains(run, "some process has /dev/vfio/");
	vfio_close(&vfio);
	has_driver(OUR_DRIVER);
}

static void refused(void)
{
	const struct run *run;

	run = CLI_AS(1001, "bind", dev.name);
	cli_is(run, 1, "bind, as an ordinary user");
	cli_complains(run, "only root may");
	run = CLI("bind", "0000:fe:1f.7");
	cli_is(run, 3, "bind of a device that is not there");
	cli_complains(run, "no device 0000:fe:1f.7; 'barlease list'");
	cli_is(CLI("bind", "elsewhere"), 2, "bind of what is no address");
	run = CLI("bind", "0000:00:00.0");
	cli_is(run, 1, "bind of a bridge");
	cli_complains(run, "cannot be leased from: a bridge");
}

/* The port that the tests' results go through: its driver is at work. */
static void at_work(void)
{
	const struct run *run;
	struct bdf ports;

	if (!pci_find(&ports, 0x1af4, 0x1003, 0, 0) &&
	    !pci_find(&ports, 0x1af4, 0x1043, 0, 0))
		bail("there is no virtio port");
	run = CLI("bind", ports.name);
	cli_is(run, 1, "bind of a device whose file somebody has open");
	cli_complains(run, " is in use by virtio-pci: process ");
	cli_complains(run, " has /dev/vport");
}

static void without_the_driver(void)
{
	const struct run *run;

	is_ok(module_unload(OUR_MODULE), "the driver is unloaded");
	run = CLI("bind", dev.name);
	cli_is(run, 1, "bind");
	cli_complains(run, "is not loaded; 'barlease doctor'");
	run = CLI("doctor");
	cli_is(run, 1, "doctor");
	cli_says(run, "is there, but not loaded");
	cli_says(run, "# modprobe " OUR_DRIVER);
	ok(!strstr(run->out, "no device is bound to"),
	   "that no device is bound then, goes without saying");
	is_int(module_load(OUR_DRIVER, NULL), 0, "it is loaded again");
}

int main(void)
{
	dev = dev_display();
	from_nothing();
	from_another_driver();
	to_a_driver_that_is_gone();
	in_use();
	refused();
	at_work();
	without_the_driver();
	has_driver(OUR_DRIVER);
	cli_is(CLI("unbind", dev.name), 0, "it is unbound");
	has_driver(STOCK_DRIVER);
	is_ok(pci_bind(dev, OUR_DRIVER), "it is bound as init bound it");
	stock_is_unloaded();
	return tap_done();
}
