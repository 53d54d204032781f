/* SPDX-License-Identifier: MIT */
/*
 * Disks behind a PCI device, and what the kernel says of them
 *
 * Copyright (C) 2026 The barlease authors
 *
 * @root as in sysfs.h; @device is the real path of the device's directory.
 */
#ifndef CLI_DISK_H
#define CLI_DISK_H

#include "use.h"

/* Is one directory of /sys in another one, or that one itself? */
bool sysfs_lies_in(const char *path, const char *dir);

/* Is the disk of this directory on the device, or made of one that is? */
bool disk_is_on(const char *disk, const char *device);

/* Is the device one of the controllers that this directory has links to? */
bool disk_has_path(const char *subsystem, const char *device);

/*
 * Has the kernel given one of them away? It knows of file systems that are
 * mounted anywhere, of swap, and of all that is made of disks.
 */
struct use use_by_claim(const char *root, const char *device);

/* Loop devices, of which it does not know */
struct use use_by_loop(const char *root, const char *device);

#endif
