/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeping NUMA policies out of mappings of devices
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_NUMA_H
#define BARLEASE_NUMA_H

#include <linux/types.h>

/* Before the first mapping, and after the last one */
void barlease_numa_init(void);
void barlease_numa_exit(void);

/* Does no system call of a client come to harm at a huge page? */
bool barlease_numa_harmless(void);

#endif /* BARLEASE_NUMA_H */
