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
#include "persist.h"
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

/* Has it the IOMMU that it is to have? */
static int check_iommu(const struct verb *verb, const struct options *options,
		       const struct pci_device *devs, int nr,
		       const struct pci_device *dev)
{
	bool without = options->given & OPT_NO_IOMMU;
	struct verdict verdict;

	if (without && dev->group >= 0 && !dev->no_iommu)
		return failed(verb, "%s has an IOMMU, and --no-iommu is for devices without",
			      dev->bdf);
	if (without && !sysfs_noiommu_mode(""))
		return failed(verb,
			      "VFIO does not give out devices without an IOMMU: load vfio with enable_unsafe_noiommu_mode=1");
	if (without)
		return EXIT_SUCCESS;
	verdict = verdict_iommu("", dev);
	if (!verdict.good)
		return failed(verb, "%s cannot be leased from: %s", dev->bdf,
			      verdict.why);
	verdict = verdict_group("", dev, devs, nr);
	if (!verdict.good)
		return failed(verb, "%s: %s; name both, or take its driver away",
			      dev->bdf, verdict.why);
	return EXIT_SUCCESS;
}

static int check(const struct verb *verb, const struct options *options,
		 const struct pci_device *devs, int nr,
		 const struct pci_device *dev)
{
	struct verdict verdict;
	int ret;

	verdict = verdict_device(dev);
	if (!verdict.good)
		return failed(verb, "%s cannot be leased from: %s", dev->bdf,
			      verdict.why);
	ret = check_iommu(verb, options, devs, nr, dev);
	return ret ?: check_use(verb, options, dev);
}

/* A device, and how to have it as it was */
struct work {
	struct pci_device dev;
	struct previous before;
	bool again;		/* @before is what was remembered already */
	bool bound;		/* by us, now */
	bool persistent;	/* by us, now */
};

/* Best effort: what went wrong before this is what is reported. */
static void undo(const struct work *work)
{
	const struct pci_device *dev = &work->dev;
	struct pci_device now;

	if (work->persistent)
		persist_forget("", dev->bdf);
	if (!work->bound)
		return;
	if (!sysfs_device("", dev->bdf, &now) && strcmp(now.driver, dev->driver))
		driver_unbind("", &now);
	driver_override("", dev->bdf, dev->override);
	if (dev->driver[0])
		driver_bind("", dev->bdf, dev->driver);
	if (work->again)
		previous_save("", dev->bdf, &work->before);
	else
		previous_forget("", dev->bdf);
}

static int move(const struct pci_device *dev, const char *ours)
{
	struct pci_device now;
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
	ret = sysfs_device("", dev->bdf, &now);
	if (ret)
		return ret;
	return pci_is_ours(&now) ? 0 : -ENXIO;
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

static int remember(const struct work *work, const char *ours)
{
	const struct pci_device *dev = &work->dev;
	struct previous previous;

	snprintf(previous.driver, sizeof(previous.driver), "%s",
		 work->again ? work->before.driver : dev->driver);
	snprintf(previous.override, sizeof(previous.override), "%s",
		 work->again ? work->before.override : dev->override);
	snprintf(previous.bound, sizeof(previous.bound), "%s", ours);
	return previous_save("", dev->bdf, &previous);
}

static int bind_one(const struct verb *verb, struct work *work,
		    const char *ours)
{
	struct pci_device now;
	int ret;

	/* It may have been named twice, or have gone. */
	if (sysfs_device("", work->dev.bdf, &now))
		return failed(verb, "%s is gone", work->dev.bdf);
	work->dev = now;
	if (pci_is_ours(&now))
		return EXIT_SUCCESS;
	work->again = was_ours(&work->dev, &work->before);
	ret = remember(work, ours);
	if (ret)
		return failed(verb, PREVIOUS_PATH ": %s", previous_error(ret));
	work->bound = true;
	ret = move(&work->dev, ours);
	if (ret)
		return failed(verb, "%s: %s; all is as it was (the kernel's log may say more)",
			      work->dev.bdf, ret == -ENXIO ?
			      OUR_DRIVER " did not take it" : strerror(-ret));
	return EXIT_SUCCESS;
}

static int persist_one(const struct verb *verb, struct work *work,
		       const char *ours)
{
	bool is_new = !persist_is("", work->dev.bdf);
	int ret;

	ret = persist_save("", &work->dev, ours);
	if (ret < 0)
		return failed(verb, "%s: " PERSIST_PATH ": %s; all is as it was",
			      work->dev.bdf, persist_error(ret));
	work->persistent = ret && is_new;
	if (ret)
		printf("%s: will be bound when the machine starts\n",
		       work->dev.bdf);
	return EXIT_SUCCESS;
}

static void say(const struct verb *verb, const struct work *work)
{
	const struct pci_device *dev = &work->dev;
	struct pci_device now;

	if (sysfs_device("", dev->bdf, &now))
		return;
	if (work->bound && now.no_iommu)
		note(verb, "%s has no IOMMU: its DMA reaches all of this machine's memory",
		     dev->bdf);
	if (work->bound)
		printf("%s: bound to %s, was %s%s\n", dev->bdf,
		       pci_driver_text(&now).text, dev->driver[0] ?
		       "bound to " : "without a driver", dev->driver);
	else if (!work->persistent)
		printf("%s: unchanged, bound to %s already\n", dev->bdf,
		       pci_driver_text(&now).text);
}

/* All of them, or none */
static int work_on(const struct verb *verb, const struct options *options,
		   struct work *work, int nr, const char *ours)
{
	int i, ret = EXIT_SUCCESS;

	for (i = 0; i < nr && !ret; i++)
		ret = bind_one(verb, &work[i], ours);
	for (i = 0; options->given & OPT_PERSIST && i < nr && !ret; i++)
		ret = persist_one(verb, &work[i], ours);
	/* The last one first, as one may be named twice. */
	for (i = nr; ret && i--;)
		undo(&work[i]);
	for (i = 0; i < nr && !ret; i++)
		say(verb, &work[i]);
	return ret;
}

/* Nothing is touched before everything has been looked at. */
static int bind_all(const struct verb *verb, const struct options *options,
		    const struct pci_device *devs, int nr)
{
	struct work *work;
	char ours[64];
	int i, ret;

	if (nr < 1)
		return EXIT_SUCCESS;
	if (driver_ours("", ours, sizeof(ours)))
		return failed(verb, OUR_DRIVER " is not loaded; 'barlease doctor' says what to do");

	for (i = 0; i < nr; i++) {
		ret = pci_is_ours(&devs[i]) ? EXIT_SUCCESS :
					      check(verb, options, devs, nr,
						    &devs[i]);
		if (ret)
			return ret;
	}
	work = calloc((size_t)nr, sizeof(*work));
	if (!work)
		return failed(verb, "out of memory");
	for (i = 0; i < nr; i++)
		work[i].dev = devs[i];
	ret = work_on(verb, options, work, nr, ours);
	free(work);
	return ret;
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
"device had, for 'unbind'. Nothing is touched if a device is in use: a disk of\n"
"it is mounted anywhere or part of something, a network link is up or in another\n"
"network namespace, a virtual function has a driver, a file of it in /dev is\n"
"open; or if it is in an IOMMU group with one that another driver has. Devices of\n"
"one group can be bound together. If one cannot be bound, those before it are\n"
"given back. Of one that is bound already it says \"unchanged\".\n"
"--no-iommu is for a machine without an IOMMU, whose VFIO was loaded with\n"
"enable_unsafe_noiommu_mode=1: nothing keeps the device's DMA to any memory then.\n",
	.examples =
"  barlease bind 0000:03:00.0\n"
"  barlease bind 03:00.0 03:00.1\n"
"  barlease bind --persist 0000:03:00.0\n",
	.takes = OPT_FORCE | OPT_NO_IOMMU | OPT_PERSIST,
	.min = 1,
	.max = -1,
	.run = bind,
};
