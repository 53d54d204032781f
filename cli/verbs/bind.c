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
}

static int move(const struct pci_device *dev, const char *ours,
		struct pci_device *now)
{
	int ret;

	ret = driver_unbind("", dev);
	if (ret)
		return ret;
	ret = driver_override("", dev->bdf, ours);
	if (ret)
		return ret;
	ret = driver_probe("", dev->bdf);
	if (ret)
		return ret;
	ret = sysfs_device("", dev->bdf, now);
	if (ret)
		return ret;
	return pci_is_ours(now) ? 0 : -ENXIO;
}

/*
 * Was it bound before, until our driver was unloaded, to come back by another
 * name? Then what is remembered is still what it had before.
 */
static bool was_ours(const struct pci_device *dev, struct previous *before)
{
	return !dev->driver[0] && dev->override[0] &&
	       !previous_load("", dev->bdf, before) &&
	       !strcmp(before->bound, dev->override);
}

static int remember(const struct pci_device *dev, const struct previous *before,
		    const char *ours)
{
	struct previous previous;

	snprintf(previous.driver, sizeof(previous.driver), "%s",
		 before ? before->driver : dev->driver);
	snprintf(previous.override, sizeof(previous.override), "%s",
		 before ? before->override : dev->override);
	snprintf(previous.bound, sizeof(previous.bound), "%s", ours);
	return previous_save("", dev->bdf, &previous);
}

static int bind_one(const struct verb *verb, const struct pci_device *dev,
		    const char *ours)
{
	struct previous before;
	bool again = was_ours(dev, &before);
	struct pci_device now;
	int ret;

	ret = remember(dev, again ? &before : NULL, ours);
	if (ret)
		return failed(verb, PREVIOUS_PATH ": %s", previous_error(ret));
	ret = move(dev, ours, &now);
	if (ret) {
		undo(dev);
		if (again)
			previous_save("", dev->bdf, &before);
		else
			previous_forget("", dev->bdf);
		return failed(verb, "%s: %s; it is as it was (the kernel's log may say more)",
			      dev->bdf, ret == -ENXIO ?
			      OUR_DRIVER " did not take it" : strerror(-ret));
	}
	printf("%s: bound to %s, was %s%s\n", dev->bdf,
	       pci_driver_text(&now).text,
	       dev->driver[0] ? "bound to " : "without a driver", dev->driver);
	return EXIT_SUCCESS;
}

/* Nothing is touched before everything has been looked at. */
static int bind_all(const struct verb *verb, const struct options *options,
		    const struct pci_device *devs, int nr)
{
	struct pci_device now;
	char ours[64];
	int i, ret;

	if (driver_ours("", ours, sizeof(ours)))
		return failed(verb, OUR_DRIVER " is not loaded; 'barlease doctor' says what to do");

	for (i = 0; i < nr; i++) {
		ret = pci_is_ours(&devs[i]) ? EXIT_SUCCESS :
					      check(verb, options, devs, nr,
						    &devs[i]);
		if (ret)
			return ret;
	}
	for (i = 0; i < nr; i++) {
		/* Again, for it may have been named twice. */
		if (sysfs_device("", devs[i].bdf, &now))
			return failed(verb, "%s is gone", devs[i].bdf);
		if (pci_is_ours(&now))
			printf("%s: bound to %s already\n", now.bdf,
			       pci_driver_text(&now).text);
		else if (bind_one(verb, &now, ours))
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
"Sets driver_override, and remembers in " PREVIOUS_PATH " what driver a\n"
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
