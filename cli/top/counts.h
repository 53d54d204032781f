/* SPDX-License-Identifier: MIT */
/*
 * What is counted, in tables
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_TOP_COUNTS_H
#define CLI_TOP_COUNTS_H

#include <stdio.h>

#include "model.h"

/*
 * In all and a second, by the driver of each device, and by the broker. @before:
 * may be NULL. Return: 0; -ENOMEM
 */
int top_counts_print_devices(const struct top_look *before,
			     const struct top_look *now, FILE *to);
int top_counts_print_broker(const struct top_look *before,
			    const struct top_look *now, FILE *to);

#endif
