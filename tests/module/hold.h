/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Holding on to what a reset holds, for as long as a test likes
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_HOLD_H
#define BARLEASE_HOLD_H

#include <linux/compiler_types.h>

/* The ioctls of ptwalk.h; 0 or a negative errno */
long barlease_hold(void __user *arg);
long barlease_held(void);
long barlease_release(void);

#endif /* BARLEASE_HOLD_H */
