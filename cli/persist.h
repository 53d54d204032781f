/* SPDX-License-Identifier: MIT */
/*
 * A udev rule that binds a device whenever the machine starts
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_PERSIST_H
#define CLI_PERSIST_H

#include "sysfs.h"

#define PERSIST_PARENT	"/etc/udev"
#define PERSIST_NAME	"rules.d"
#define PERSIST_PATH	PERSIST_PARENT "/" PERSIST_NAME

/* Is there one? */
bool persist_is(const char *root, const char *bdf);

/*
 * Make one, to the driver of this name. Return: 1; 0 it is as it was already; a
 * negative errno: -ENOENT without udev, -EPERM where the directory is not root's
 * alone, -EEXIST where driverctl has one of its own
 */
int persist_save(const char *root, const struct pci_device *dev,
		 const char *driver);

/* Return: 0; -ENOENT there was none; another negative errno */
int persist_forget(const char *root, const char *bdf);

/* In words, after PERSIST_PATH and a colon */
const char *persist_error(int error);

#endif
