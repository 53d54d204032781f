// SPDX-License-Identifier: MIT
/*
 * barlease dmabuf: what kind of DMABUF a device's driver exports when a program
 * asks by mainline's call
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "device.h"
#include "file.h"

#define ATTRIBUTE	"/sys/bus/pci/devices/%s/barlease/dmabuf"

static int refused(const struct verb *verb, const struct pci_device *dev,
		   int error)
{
	switch (error) {
	case -ENOENT:
		if (pci_is_ours(dev))
			return failed(verb, "%s: the driver that is loaded knows leases only",
				      dev->bdf);
		return failed_by(verb, error, "%s has no leases: it is bound to %s",
			      dev->bdf, *dev->driver ?
			      pci_driver_text(dev).text : "no driver");
	case -EACCES:
	case -EPERM:
		return failed_by(verb, error, "only root may do that");
	case -EOPNOTSUPP:
		return failed(verb,
			      "this kernel has no DMABUFs of its own for devices of VFIO: that takes Linux 6.19 and CONFIG_VFIO_PCI_DMABUF");
	default:
		return failed_by(verb, error, "%s: %s", dev->bdf, strerror(-error));
	}
}

static int show(const struct verb *verb, const struct pci_device *dev)
{
	char kind[16];
	int ret;

	ret = file_read(kind, sizeof(kind), ATTRIBUTE, dev->bdf);
	if (ret)
		return refused(verb, dev, ret);
	puts(kind);
	return EXIT_SUCCESS;
}

static int dmabuf(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	struct pci_device dev;
	int ret;

	(void)options;
	ret = device_named(verb, argv[0], &dev);
	if (ret)
		return ret;
	if (argc == 1)
		return show(verb, &dev);
	if (strcmp(argv[1], "lease") && strcmp(argv[1], "core"))
		return misused(verb, "\"%s\" is neither lease nor core",
			       argv[1]);
	ret = file_write(argv[1], ATTRIBUTE, dev.bdf);
	return ret ? refused(verb, &dev, ret) : EXIT_SUCCESS;
}

const struct verb dmabuf_verb = {
	.name = "dmabuf",
	.operands = "DEVICE [lease|core]",
	.summary = "choose what programs of others get when they export a BAR",
	.details =
"Mainline's call to export a BAR (VFIO_DEVICE_FEATURE_DMA_BUF) makes leases of\n"
"this driver: lease, or DMABUFs of the kernel's own: core, which take Linux 6.19\n"
"or newer. iommufd maps no others, so a virtual machine monitor may want those.\n"
"They cannot be mapped by processes, and end with the whole device only; 'ps'\n"
"and 'revoke' do not know them. It is for exports to come, until the device is\n"
"unbound; barleased and libbarlease export leases in any case. Without the word,\n"
"shows which it is.\n",
	.examples =
"  barlease dmabuf 0000:03:00.0\n"
"  barlease dmabuf 0000:03:00.0 core\n",
	.min = 1,
	.max = 2,
	.run = dmabuf,
};
