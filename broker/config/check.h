/* SPDX-License-Identifier: MIT */
/*
 * The configuration as a whole, when all lines have been read
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_CONFIG_CHECK_H
#define BROKER_CONFIG_CHECK_H

#include "parser.h"

/* When all is read: from rules to slices, and whether they get along */
int config_check(struct config_parser *parser);

#endif
