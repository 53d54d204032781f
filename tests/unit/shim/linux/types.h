/* SPDX-License-Identifier: MIT */
/*
 * What the driver's pure code needs of the kernel's <linux/types.h>
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#endif
