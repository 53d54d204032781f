/* SPDX-License-Identifier: MIT */
/*
 * Whether somebody else's program has this driver's maps
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef DMABUFS_H
#define DMABUFS_H

#include <sys/types.h>

#include "sysfs.h"

/* How many maps of the process are backed by a DMABUF of this device's BAR */
int dmabufs_of(pid_t pid, struct bdf dev, unsigned int bar);

#endif
