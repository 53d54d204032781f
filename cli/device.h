/* SPDX-License-Identifier: MIT */
/*
 * The devices that a command line names
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_DEVICE_H
#define CLI_DEVICE_H

#include "cli.h"
#include "sysfs.h"

/* Return: EXIT_SUCCESS; another exit status, when it has been said why */
int device_named(const struct verb *verb, const char *name,
		 struct pci_device *dev);
/* As many as there are names; @devs is for free() if this succeeds */
int devices_named(const struct verb *verb, int nr, char **names,
		  struct pci_device **devs);

#endif
