// SPDX-License-Identifier: MIT
/*
 * barlease unbind: give devices back to the drivers that they had
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

/* An unbind of a device that is open would wait, and not say for whom. */
static int check(const struct verb *verb, const struct pci_device *dev)
{
	struct use use;

	/* What is left of it is what binds it the next time. */
	if (!pci_is_ours(dev) && persist_is("", dev->bdf))
		return EXIT_SUCCESS;
	if (!dev->driver[0])
		return failed(verb, "%s has no driver", dev->bdf);
	if (!pci_is_ours(dev))
		return failed(verb, "%s is bound to %s, not to " OUR_DRIVER,
			      dev->bdf, dev->driver);
	use = use_of_vfio("", dev);
	if (use.used)
		return failed(verb, "%s is in use: %s", dev->bdf, use.what);
	return EXIT_SUCCESS;
}

/*
 * To the driver that it had. Where nothing is remembered, somebody else bound
 * it: then whichever driver is for such a device may have it. The driver_override
 * is never left to be what keeps it here. One that it had before comes back, even
 * if it is the name that our driver now has: it is for the driver whose name that
 * is, which is not there.
 */
static int give_back(const struct pci_device *dev,
		     const struct previous *previous)
{
	int ret;

	ret = driver_override("", dev->bdf, previous ? previous->override : "");
	if (ret)
		return ret;
	ret = driver_unbind("", dev);
	if (ret)
		return ret;
	if (!previous)
		return driver_probe("", dev->bdf);
	previous_forget("", dev->bdf);
	if (!previous->driver[0] || !strcmp(previous->driver, dev->driver))
		return 0;
	return driver_bind("", dev->bdf, previous->driver);
}

/* What 'bind --persist' has left */
static int forget_start(const struct verb *verb, const struct pci_device *dev)
{
	int ret;

	if (!persist_is("", dev->bdf))
		return EXIT_SUCCESS;
	ret = persist_forget("", dev->bdf);
	if (ret)
		return failed(verb, "%s: " PERSIST_PATH ": %s", dev->bdf,
			      persist_error(ret));
	printf("%s: will not be bound when the machine starts\n", dev->bdf);
	return EXIT_SUCCESS;
}

static int unbind_one(const struct verb *verb, const struct pci_device *dev)
{
	struct previous previous;
	struct pci_device now;
	int known, ret;

	ret = forget_start(verb, dev);
	if (ret || !pci_is_ours(dev))
		return ret;
	known = previous_load("", dev->bdf, &previous);
	if (known && known != -ENOENT)
		return failed(verb, "%s: " PREVIOUS_PATH ": %s", dev->bdf,
			      previous_error(known));
	ret = give_back(dev, known ? NULL : &previous);
	if (ret == -ENOENT && !known && previous.driver[0])
		return failed(verb, "%s has no driver now: %s is not loaded (modprobe %s)",
			      dev->bdf, previous.driver, previous.driver);
	if (ret)
		return failed(verb, "%s: %s", dev->bdf, strerror(-ret));
	ret = sysfs_device("", dev->bdf, &now);
	if (ret)
		return failed(verb, "%s: %s", dev->bdf, strerror(-ret));
	if (pci_is_ours(&now))
		return failed(verb, "%s: %s has taken it again; is it in its ids?",
			      dev->bdf, pci_driver_text(&now).text);
	printf("%s: %s%s\n", dev->bdf, now.driver[0] ?
	       "given back to " : "has no driver now", now.driver);
	return EXIT_SUCCESS;
}

static int unbind(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	struct pci_device *devs;
	int i, ret;

	(void)options;
	ret = devices_named(verb, argc, argv, &devs);
	if (ret)
		return ret;
	if (geteuid())
		ret = failed(verb, "only root may do that");
	for (i = 0; i < argc && !ret; i++)
		ret = check(verb, &devs[i]);
	for (i = 0; i < argc && !ret; i++)
		ret = unbind_one(verb, &devs[i]);
	free(devs);
	return ret;
}

const struct verb unbind_verb = {
	.name = "unbind",
	.operands = "DEVICE...",
	.summary = "give devices back to the drivers that they had",
	.details =
"The opposite of 'bind'. A device that something else bound goes to whichever\n"
"driver is for it, if any. Nothing is touched if a device is in use. What 'bind\n"
"--persist' has written is removed.\n",
	.examples =
"  barlease unbind 0000:03:00.0\n",
	.takes = 0,
	.min = 1,
	.max = -1,
	.run = unbind,
};
