/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directories barlease/ and barlease_stats/ of each PCI device in sysfs
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_SYSFS_H
#define BARLEASE_SYSFS_H

struct attribute_group;

/* struct pci_driver.dev_groups */
extern const struct attribute_group *barlease_sysfs_groups[];

#endif /* BARLEASE_SYSFS_H */
