/* SPDX-License-Identifier: MIT */
/*
 * What would miss a device if it were taken from its driver
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_USE_H
#define CLI_USE_H

#include "sysfs.h"

struct use {
	bool used;
	char what[192];		/* in words: "/dev/sda1 is mounted on /home" */
};

/* Somebody has its VFIO file open, for whom an unbind would wait */
struct use use_of_vfio(const char *root, const struct pci_device *dev);

/*
 * A disk behind it is mounted or swapped to, a network link of it is up, or
 * somebody has its file in /dev open
 */
struct use use_of_driver(const char *root, const struct pci_device *dev);

#endif
