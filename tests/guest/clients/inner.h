/* SPDX-License-Identifier: MIT */
/*
 * What the guest and the virtual machine in it write to the same device
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef INNER_H
#define INNER_H

#include "lease.h"

#define INNER_SIZE	MIB(64)

/* Seeds of patterns: what the virtual machine finds, and what it leaves */
#define INNER_READ	41
#define INNER_WRITTEN	42

#endif
