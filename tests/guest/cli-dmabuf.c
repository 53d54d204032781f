// SPDX-License-Identifier: MIT
/*
 * barlease dmabuf: shows and chooses what mainline's call exports
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli-run.h"
#include "importer.h"
#include "lease.h"
#include "map.h"
#include "sysfs.h"
#include "tap.h"
#include "vfio.h"

static struct bdf dev;

static void shows(const char *want)
{
	const struct run *run = CLI("dmabuf", dev.name);

	cli_is(run, 0, "dmabuf DEVICE");
	ok(!strcmp(run->out, want), "it shows %.*s", (int)strcspn(want, "\n"),
	   want);
	cli_show(run);
}

static void exports(bool leases)
{
	static const struct vfio_region_dma_range page = { 0, PAGE };
	struct vfio vfio = vfio_open(dev);
	int fd = lease_export(vfio.device, BAR2, O_RDWR | O_CLOEXEC, &page, 1);

	is_ok(fd, "mainline's call exports");
	if (leases)
		is_ok(lease_revoke(vfio.device, fd), "a lease");
	else
		is_error(lease_revoke(vfio.device, fd), ENODEV,
			 "what is no lease: ENODEV");
	close(fd);
	vfio_close(&vfio);
}

static void complains(const struct run *run, int status, const char *part)
{
	cli_is(run, status, "\"%s\"", part);
	cli_complains(run, part);
}

static void sets(void)
{
	const struct run *run = CLI("dmabuf", dev.name, "core");

	if (!importers_possible()) {
		complains(run, 1, "this kernel has no DMABUFs of its own");
		shows("lease\n");
		exports(true);
		return;
	}
	cli_is(run, 0, "dmabuf DEVICE core");
	shows("core\n");
	exports(false);
	cli_is(CLI("dmabuf", dev.name, "lease"), 0, "dmabuf DEVICE lease");
	shows("lease\n");
	exports(true);
}

static void errors(void)
{
	complains(CLI("dmabuf"), 2, "operand is missing");
	complains(CLI("dmabuf", "nonsense"), 2, "no PCI address");
	complains(CLI("dmabuf", dev.name, "both"), 2,
		  "\"both\" is neither lease nor core");
	complains(CLI_AS(1001, "dmabuf", dev.name, "lease"), 4, "only root");
	cli_is(CLI_AS(1001, "dmabuf", dev.name), 0, "anybody may look");

	is_ok(pci_unbind(dev), "the device is unbound");
	complains(CLI("dmabuf", dev.name), 3, "it is bound to no driver");
	complains(CLI("dmabuf", dev.name, "core"), 3,
		  "it is bound to no driver");
	is_ok(pci_bind(dev, OUR_DRIVER), "and bound again");
}

int main(void)
{
	dev = dev_small();
	shows("lease\n");
	exports(true);
	sets();
	errors();
	return tap_done();
}
