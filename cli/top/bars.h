/* SPDX-License-Identifier: MIT */
/*
 * The BARs of a broker's devices, drawn to scale
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_TOP_BARS_H
#define CLI_TOP_BARS_H

#include <stdio.h>

#include "frame.h"

/*
 * Each BAR that can be leased from. @together: one line for all leases of a BAR,
 * not one for each. Return: 0; -EPROTO; -ENOMEM
 */
int top_bars_print(const struct top_look *look, const struct top_screen *screen,
		   bool together, FILE *to);

#endif
