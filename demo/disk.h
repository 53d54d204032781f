/* SPDX-License-Identifier: MIT */
/*
 * The demo's part with a disk: a driver of NVMe that owns nothing
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef DEMO_DISK_H
#define DEMO_DISK_H

#include <sys/types.h>

#include "sysfs.h"

/* The kernel's own driver has it, as it would; false: this kernel has none */
bool disk_begin(struct bdf disk);

/* An ordinary user writes to it and reads, and it is taken away meanwhile, twice */
void disk_is_driven(pid_t broker);
/* The administrator gives it back to the kernel's driver, which looks what is on it */
void disk_is_compared(struct bdf disk);

#endif
