/* SPDX-License-Identifier: MIT */
/*
 * What the driver's pure code needs of the kernel's <linux/math64.h>
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SHIM_LINUX_MATH64_H
#define SHIM_LINUX_MATH64_H

#include <linux/types.h>

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

/* @shift is 64 at the least */
static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	u64 low = (u64)(u32)a * (u32)b;
	u64 mid = (a >> 32) * (u32)b + (low >> 32);
	u64 other = (b >> 32) * (u32)a + (u32)mid;

	return ((a >> 32) * (b >> 32) + (mid >> 32) + (other >> 32)) >>
	       (shift - 64);
}

#endif
