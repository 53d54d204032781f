/* SPDX-License-Identifier: MIT */
/*
 * Which devices can have leases of which others, and why not
 *
 * Copyright (C) 2026 The barlease authors
 *
 * @root is "" for this machine's file system; a test has another.
 */
#ifndef CLI_PEERS_H
#define CLI_PEERS_H

#include "checks.h"
#include "sysfs.h"
#include "verdict.h"

/**
 * peers_ask_fn - could @peer have leases of @device, which is ours?
 *
 * Return: 0; -EOPNOTSUPP it could not; -EACCES who asks may not; other errors of
 * open() and write()
 */
typedef int (*peers_ask_fn)(const char *root, const char *device,
			    const char *peer);

/* Asks the driver, which takes root */
int peers_ask(const char *root, const char *device, const char *peer);

/* Whether any device could, on this kernel */
struct verdict peers_kernel(const char *root);

/* What is between two devices, of which it is known that they cannot */
struct verdict peers_between(const char *root, const struct pci_device *device,
			     const struct pci_device *peer);

/* Add one result for each device of ours, or one for all. As those of checks.h */
int check_peers(const char *root, peers_ask_fn ask, struct checks *checks);

/* Adds one for two devices: good or bad. Return: 0; -EACCES; as above */
int check_peer(const char *root, peers_ask_fn ask,
	       const struct pci_device *device, const struct pci_device *peer,
	       struct checks *checks);

#endif
