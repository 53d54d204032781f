// SPDX-License-Identifier: MIT
/*
 * Devices without an IOMMU: library, command line and broker take them where the
 * administrator says so in words, and say what is lost; else they name that mode
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barlease.h>

#include "access.h"
#include "cli-run.h"
#include "map.h"
#include "sysfs.h"
#include "tap.h"

#define MODE	"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
#define LOST	"its DMA reaches all of this machine's memory"

static struct bdf dev;

static void mode_is_off(void)
{
	const struct run *run;

	run = CLI("bind", dev.name);
	cli_is(run, 1, "bind, without an IOMMU");
	cli_complains(run, "no IOMMU group: is the IOMMU on?");
	run = CLI("bind", "--no-iommu", dev.name);
	cli_is(run, 1, "bind --no-iommu, with VFIO's mode off");
	cli_complains(run, "load vfio with enable_unsafe_noiommu_mode=1");
	run = CLI("doctor");
	cli_is(run, 1, "doctor");
	cli_says(run, "off: there are no IOMMU groups");
	run = CLI("doctor", "--no-iommu");
	cli_is(run, 1, "doctor --no-iommu");
	cli_says(run, "no-IOMMU mode is off");
}

static void mode_is_on(void)
{
	const struct run *run;

	is_ok(file_write(MODE, "Y"), "VFIO's mode is on");
	run = CLI("bind", dev.name);
	cli_is(run, 1, "bind, which does not say so in words");
	cli_complains(run, "VFIO's no-IOMMU mode is on: --no-iommu binds it");
	run = CLI("bind", "--no-iommu", dev.name);
	cli_is(run, 0, "bind --no-iommu");
	cli_says(run, "bound to " OUR_DRIVER);
	cli_complains(run, LOST);
	run = CLI("bind", "--no-iommu", dev.name);
	cli_is(run, 0, "once more");
	cli_says(run, "unchanged");
	run = CLI("doctor");
	cli_is(run, 1, "doctor");
	cli_says(run, "unless this is what you want: --no-iommu");
	run = CLI("doctor", "--no-iommu");
	cli_says(run, "note  IOMMU   no-IOMMU mode is on");
	cli_says(run, "/dev/vfio/noiommu-");
	run = CLI("wc", dev.name, "2");
	cli_is(run, 0, "wc makes a BAR write-combining");
}

static int open_by(enum barlease_backend backend)
{
	struct barlease_device *device;
	int ret = barlease_device_open(dev.name, backend, &device);

	if (!ret)
		barlease_device_close(device);
	return ret;
}

static void library(void)
{
	const struct barlease_range range = { .length = 4096 };
	struct barlease_device *device;
	mapping_t at;
	int lease;

	is_error(open_by(BARLEASE_BACKEND_ANY), EOPNOTSUPP,
		 "the library does not take it by the way");
	is_error(open_by(BARLEASE_BACKEND_GROUP), EOPNOTSUPP,
		 "nor as a group like others");
	if (!is_ok(barlease_device_open(dev.name, BARLEASE_BACKEND_NOIOMMU,
					&device), "but where it is asked to"))
		return;
	lease = barlease_export(device, 2, &range, 1, 0);
	is_ok(lease, "it can be leased from");
	at = map(lease, 0, 4096, PROT_READ | PROT_WRITE);
	at[0] = 0x34;
	is_hex(at[0], 0x34, "and the lease works");
	is_ok(barlease_revoke(device, lease), "it is revoked");
	sigbus(at, "and SIGBUS");
	unmap(at, 4096);
	close(lease);
	barlease_device_close(device);
}

static void broker_refuses(void)
{
	const struct run *run;
	char config[256];

	snprintf(config, sizeof(config),
		 "[device %s]\n"
		 "[slice a]\nbar = 2\nranges = 0+4K\nusers = worker1\n",
		 dev.name);
	broker_start(config);
	run = CLI("devices");
	cli_says(run, "backend = noiommu takes it all the same, but then " LOST);
	cli_is(CLI_AS(1001, "peek", "--slice", "a", "0x10"), 3,
	       "the broker does not take it by the way");
	broker_stop();
}

static void broker(void)
{
	char config[256];
	const struct run *run;

	broker_refuses();
	snprintf(config, sizeof(config),
		 "[device %s]\nbackend = noiommu\n"
		 "[slice a]\nbar = 2\nranges = 0+4K\nusers = worker1\n",
		 dev.name);
	broker_start(config);
	run = CLI_AS(1001, "poke", "--slice", "a", "0x10", "0x55aa");
	cli_is(run, 0, "backend = noiommu: a user writes to a lease");
	run = CLI_AS(1001, "peek", "--slice", "a", "0x10");
	cli_is(run, 0, "and reads");
	cli_says(run, "0x000055aa");
	run = CLI("unbind", dev.name);
	cli_is(run, 1, "unbind of one that is open");
	cli_complains(run, "is in use: process ");
	broker_stop();
	cli_is(CLI("unbind", dev.name), 0, "it is unbound");
}

int main(void)
{
	if (access(MODE, F_OK)) {
		skip("this kernel has no CONFIG_VFIO_NOIOMMU", "no-IOMMU mode");
		return tap_done();
	}
	dev = dev_small();
	mode_is_off();
	mode_is_on();
	library();
	broker();
	is_ok(file_write(MODE, "N"), "VFIO's mode is off");
	return tap_done();
}
