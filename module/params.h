/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Module parameters, the ones that other files look at
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_PARAMS_H
#define BARLEASE_PARAMS_H

#include <linux/types.h>

extern bool barlease_disable_idle_d3;

#endif /* BARLEASE_PARAMS_H */
