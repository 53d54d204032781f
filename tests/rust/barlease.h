/* SPDX-License-Identifier: MIT */
/*
 * What bindgen makes Rust of: both public headers, and free() for what the library gives
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdlib.h>

#include <barlease.h>
#include <linux/barlease.h>
