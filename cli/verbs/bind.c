// SPDX-License-Identifier: MIT
/*
 * barlease bind: give devices to the driver that leases
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "device.h"
#include "driver.h"
#include "previous.h"
#include "use.h"
#include "verdict.h"

static bool is_ours(const struct pci_device *dev)
{
	return !strcmp(dev->driver, OUR_DRIVER);
}

/* Is anybody at work with it? --force is for work that an unbind can end. */
static int check_use(const struct verb *verb, const struct options *options,
		     const struct pci_device *dev)
{
	struct use use;

	use = use_of_vfio("", dev);
	if (use.used)
		return failed(verb, "%s is in use: %s", dev->bdf, use.what);
	if (options->given & OPT_FORCE || !dev->driver[0])
		return EXIT_SUCCESS;
	use = use_of_driver("", dev);
	if (use.used)
		return failed(verb, "%s is in use by %s: %s; --force takes it away all the same",
			      dev->bdf, dev->driver, use.what);
	return EXIT_SUCCESS;
}

static int check(const struct verb *verb, const struct options *options,
		 const struct pci_device *devs, int nr,
		 const struct pci_device *dev)
{
	struct verdict verdict;

	verdict = verdict_device(dev);
	if (!verdict.good)
		return failed(verb, "%s cannot be leased from: %s", dev->bdf,
			      verdict.why);
	verdict = verdict_group("", dev, devs, nr);
	if (!verdict.good)
		return failed(verb, "%s: %s; name both, or take its driver away",
			      dev->bdf, verdict.why);
	return check_use(verb, options, dev);
}

/* Best effort: what went wrong before this is what is reported. */
static void undo(const struct pci_device *dev)
{
	struct pci_device now;

	if (!sysfs_device("", dev->bdf, &now) && strcmp(now.driver, dev->driver))
		driver_unbind("", &now);
	driver_override("", dev->bdf, dev->override);
	if (dev->driver[0])
		driver_bind("", dev->bdf, dev->driver);
	previous_forget("", dev->bdf);
}

static int move(const struct pci_device *dev)
{
	struct pci_device now;
	int ret;

	ret = driver_unbind("", dev);
	if (ret)
		return ret;
	ret = driver_override("", dev->bdf, OUR_DRIVER);
	if (ret)
		return ret;
	ret = driver_probe("", dev->bdf);
	if (ret)
		return ret;
	ret = sysfs_device("", dev->bdf, &now);
	if (ret)
		return ret;
	return is_ours(&now) ? 0 : -ENXIO;
}

static int bind_one(const struct verb *verb, const struct pci_device *dev)
{
	struct previous previous;
	int ret;

	snprintf(previous.driver, sizeof(previous.driver), "%s", dev->driver);
	snprintf(previous.override, sizeof(previous.override), "%s",
		 dev->override);
	ret = previous_save("", dev->bdf, &previous);
	if (ret)
		return failed(verb, "/run/barlease/bind: %s", strerror(-ret));
	ret = move(dev);
	if (ret) {
		undo(dev);
		return failed(verb, "%s: %s; it is as it was (the kernel's log may say more)",
			      dev->bdf, ret == -ENXIO ?
			      OUR_DRIVER " did not take it" : strerror(-ret));
	}
	printf("%s: bound to " OUR_DRIVER ", was %s%s\n", dev->bdf,
	       dev->driver[0] ? "bound to " : "without a driver", dev->driver);
	return EXIT_SUCCESS;
}

/* Nothing is touched before everything has been looked at. */
static int bind_all(const struct verb *verb, const struct options *options,
		    const struct pci_device *devs, int nr)
{
	struct pci_device now;
	int i, ret;

	for (i = 0; i < nr; i++) {
		ret = is_ours(&devs[i]) ? EXIT_SUCCESS :
					  check(verb, options, devs, nr,
						&devs[i]);
		if (ret)
			return ret;
	}
	for (i = 0; i < nr; i++) {
		/* Again, for it may have been named twice. */
		if (sysfs_device("", devs[i].bdf, &now))
			return failed(verb, "%s is gone", devs[i].bdf);
		if (is_ours(&now))
			printf("%s: bound to " OUR_DRIVER " already\n", now.bdf);
		else if (bind_one(verb, &now))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int bind(const struct verb *verb, const struct options *options,
		int argc, char **argv)
{
	struct pci_device *devs;
	int ret;

	ret = devices_named(verb, argc, argv, &devs);
	if (ret)
		return ret;
	if (geteuid())
		ret = failed(verb, "only root may do that");
	else if (!driver_is_loaded("", OUR_DRIVER))
		ret = failed(verb, "%s is not loaded; 'barlease doctor' says what to do",
			     OUR_DRIVER);
	else
		ret = bind_all(verb, options, devs, argc);
	free(devs);
	return ret;
}

const struct verb bind_verb = {
	.name = "bind",
	.operands = "DEVICE...",
	.summary = "give devices to the driver that leases",
	.details =
"Sets driver_override, and remembers in /run/barlease/bind what driver a\n"
"device had, for 'unbind'. Nothing is touched if a device is in use (a disk is\n"
"mounted, a network link is up, its file in /dev is open), or in an IOMMU group\n"
"with one that another driver has. Devices of one group can be bound together.\n",
	.examples =
"  barlease bind 0000:03:00.0\n"
"  barlease bind 03:00.0 03:00.1\n",
	.takes = OPT_FORCE,
	.min = 1,
	.max = -1,
	.run = bind,
};
