/* SPDX-License-Identifier: MIT */
/*
 * The public header, as the library itself includes it: what that declares can
 * be seen from outside, and nothing else
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_PUBLIC_H
#define LIB_PUBLIC_H

#pragma GCC visibility push(default)
#include <barlease.h>
#pragma GCC visibility pop

#endif
