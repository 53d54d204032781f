/* SPDX-License-Identifier: MIT */
/*
 * What would miss a device if it were taken from its driver
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_USE_H
#define CLI_USE_H

#include "proc.h"
#include "sysfs.h"

struct use {
	bool used;
	char what[192];		/* in words: "/dev/sda1 is mounted on /home" */
	char end[96];		/* a command that ends it: "umount /home"; or "" */
};

#define UNUSED	((struct use){ .used = false })

struct use use_by(const char *what, ...) __attribute__((format(printf, 1, 2)));
/* The same use, and what ends it; without where a shell would take it otherwise */
struct use use_ended_by(struct use use, const char *command, ...)
	__attribute__((format(printf, 2, 3)));

/* Some process that has its VFIO file open, and which file that is */
bool use_opener(const char *root, const struct pci_device *dev,
		struct process *process, char *node, size_t size);

/* Somebody has its VFIO file open, or a VF's, for whom an unbind would wait */
struct use use_of_vfio(const char *root, const struct pci_device *dev);

/*
 * A disk behind it is in use, a network link of it is up or in another namespace,
 * a virtual function of it has a driver, or somebody has its file in /dev open
 */
struct use use_of_driver(const char *root, const struct pci_device *dev);

#endif
