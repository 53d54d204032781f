// SPDX-License-Identifier: MIT
/*
 * The devices that barleased's configuration names
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "file.h"
#include "use.h"
#include "wanted.h"

static int add(struct wanted **wanted, size_t *nr, const char *name,
	       unsigned int line)
{
	struct wanted *more, one = { .line = line };

	if (barlease_pci_address(name, one.bdf))
		return 0;
	more = realloc(*wanted, (*nr + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	*wanted = more;
	more[(*nr)++] = one;
	return 0;
}

int wanted_read(const char *path, struct wanted **wanted, size_t *nr)
{
	char word[32], name[32], *text, *line, *next;
	unsigned int number = 0;
	bool inside = false;
	int ret;

	*wanted = NULL;
	*nr = 0;
	ret = file_read_all(&text, "%s", path);
	if (ret)
		return ret;
	next = text;
	while (!ret && (line = strsep(&next, "\n"))) {
		number++;
		if (sscanf(line, " [ %31[a-z] %31[0-9a-fA-F:.] ]", word,
			   name) == 2) {
			inside = !strcmp(word, "device");
			if (inside)
				ret = add(wanted, nr, name, number);
		} else if (sscanf(line, " [%31s", word) == 1) {
			inside = false;
		} else if (inside && *nr &&
			   sscanf(line, " backend = %31s", word) == 1) {
			(*wanted)[*nr - 1].iommufd = !strcmp(word, "iommufd");
		}
	}
	free(text);
	return ret;
}

/* Ours, and who has it open is not its broker */
static int check_ours(const char *root, struct checks *checks,
		      const struct wanted *wanted, const struct pci_device *dev)
{
	struct process process;
	char node[64];

	if (wanted->iommufd && !file_exists("%s/dev/iommu", root))
		return checks_add(checks, "device", HEALTH_BAD,
				  "say 'backend = group' in its section, and have it read: 'barlease reload'",
				  "%s is to be opened by iommufd (line %u), which this kernel does not have",
				  dev->bdf, wanted->line);
	if (!dev->vfio[0] ||
	    !use_opener(root, dev, &process, node, sizeof(node)) ||
	    !strcmp(process.name, "barleased"))
		return 0;
	return checks_add(checks, "device", HEALTH_BAD,
			  "end that process, or take the device out of barleased.conf",
			  "%s is in use: process %d (%s) has %s open", dev->bdf,
			  process.pid, process.name, node) ?:
	       checks_command(checks, "kill %d", process.pid);
}

static int check_other(const char *root, struct checks *checks,
		       const struct pci_device *dev)
{
	struct use use = use_of_driver(root, dev);

	if (!use.used)
		return checks_add(checks, "device", HEALTH_BAD,
				  "give it to " OUR_DRIVER,
				  "%s is barleased's, and bound to %s", dev->bdf,
				  dev->driver) ?:
		       checks_command(checks, "barlease bind %s", dev->bdf);
	return checks_add(checks, "device", HEALTH_BAD,
			  "end that use, and give it to " OUR_DRIVER,
			  "%s is barleased's, and in use by %s: %s", dev->bdf,
			  dev->driver, use.what) ?:
	       checks_command(checks, "%s%sbarlease bind %s", use.end,
			      use.end[0] ? " && " : "", dev->bdf);
}

static int check_unbound(const char *root, struct checks *checks,
			 const struct pci_device *dev)
{
	bool is_lost = dev->override[0] &&
		       !file_exists("%s/sys/bus/pci/drivers/%s", root,
				    dev->override);
	int ret;

	if (is_lost)
		ret = checks_add(checks, "device", HEALTH_BAD,
				 "give it to " OUR_DRIVER,
				 "%s is barleased's, and without a driver: its driver_override is %s, and there is none of that name",
				 dev->bdf, dev->override);
	else
		ret = checks_add(checks, "device", HEALTH_BAD,
				 "give it to " OUR_DRIVER,
				 "%s is barleased's, and without a driver",
				 dev->bdf);
	return ret ?: checks_command(checks, "barlease bind %s", dev->bdf);
}

static int check_one(const char *root, const char *path,
		     struct checks *checks, const struct wanted *wanted)
{
	struct pci_device dev;
	char name[64];

	if (sysfs_device(root, wanted->bdf, &dev))
		return checks_add(checks, "device", HEALTH_BAD,
				  "name it as 'barlease list' does, or leave it out; then 'barlease reload'",
				  "%s is not there, and %s wants it (line %u)",
				  wanted->bdf, path, wanted->line);
	if (pci_is_ours(&dev))
		return check_ours(root, checks, wanted, &dev);
	/* That is what there is to be said then. */
	if (driver_ours(root, name, sizeof(name)))
		return 0;
	if (dev.driver[0])
		return check_other(root, checks, &dev);
	return check_unbound(root, checks, &dev);
}

int check_wanted(const char *root, const char *path, struct checks *checks)
{
	struct wanted *wanted;
	size_t i, nr;
	int ret;

	ret = wanted_read(path, &wanted, &nr);
	/* One that cannot be read is check_config()'s. */
	if (ret && ret != -ENOMEM)
		return 0;
	for (i = 0; i < nr && !ret; i++)
		ret = check_one(root, path, checks, &wanted[i]);
	free(wanted);
	return ret;
}
