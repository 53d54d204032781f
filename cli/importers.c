// SPDX-License-Identifier: MIT
/*
 * Devices that have leases, as sysfs shows them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "importers.h"

/* "INODE DRIVER DEVICE MAPPINGS"; only a driver's name may have spaces. */
static bool parse(const char *line, struct importer *importer)
{
	const char *driver, *device, *mappings;
	int end = -1;

	if (sscanf(line, "%" SCNu64 " %n", &importer->inode, &end) != 1 ||
	    end < 0)
		return false;
	driver = line + end;
	mappings = strrchr(driver, ' ');
	if (!mappings)
		return false;
	device = memrchr(driver, ' ', mappings - driver);
	if (!device)
		return false;
	snprintf(importer->driver, sizeof(importer->driver), "%.*s",
		 (int)(device - driver), driver);
	snprintf(importer->bdf, sizeof(importer->bdf), "%.*s",
		 (int)(mappings - device - 1), device + 1);
	return sscanf(mappings, "%u", &importer->mappings) == 1;
}

/* A device may be attached to a lease more than once. */
static struct importer *find(const struct importers *importers,
			     const struct importer *like)
{
	size_t i;

	for (i = 0; i < importers->nr; i++)
		if (importers->importer[i].inode == like->inode &&
		    !strcmp(importers->importer[i].bdf, like->bdf))
			return &importers->importer[i];
	return NULL;
}

static int add(struct importers *importers, const struct importer *new)
{
	struct importer *all = find(importers, new);

	if (all) {
		all->mappings += new->mappings;
		return 0;
	}
	all = realloc(importers->importer, (importers->nr + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	importers->importer = all;
	all[importers->nr++] = *new;
	return 0;
}

int importers_add(const char *root, const char *bdf,
		  struct importers *importers)
{
	struct importer importer;
	char *text, *line, *next;
	int ret;

	ret = file_read_all(&text, "%s/sys/bus/pci/devices/%s/barlease/importers",
			    root, bdf);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	for (line = text; !ret && *line; line = next) {
		next = strchr(line, '\n');
		if (!next) {
			importers->cut = true;
			break;
		}
		*next++ = '\0';
		if (parse(line, &importer))
			ret = add(importers, &importer);
	}
	free(text);
	return ret;
}
