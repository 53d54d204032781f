/* SPDX-License-Identifier: MIT */
/*
 * Devices that have leases, as sysfs shows them
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_IMPORTERS_H
#define CLI_IMPORTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sysfs.h"

/* One device and one DMABUF */
struct importer {
	uint64_t inode;
	char bdf[64];		/* or what else a device is called */
	char driver[64];
	unsigned int mappings;
};

/* @cut: there are more of them than the kernel had room for */
struct importers {
	struct importer *importer;
	size_t nr;
	bool cut;
};

/**
 * importers_add() - look at who has leases of a device
 * @root: of the file system; "" for this machine's, a test has another
 * @bdf: the device, of which there are none where it is not ours
 * @importers: to which they are added; @importer is for free() in any case
 *
 * Return: 0; -ENOMEM; errors of open() and read()
 */
int importers_add(const char *root, const char *bdf,
		  struct importers *importers);

#endif
