/* SPDX-License-Identifier: MIT */
/*
 * Numbers on the command line
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* 0x... or decimal; false: something else, or more than @max */
bool parse_number(const char *text, uint64_t max, uint64_t *number);
/* "2", "0.25": in thousandths; what is below those is cut off. false: as above */
bool parse_thousandths(const char *text, uint64_t max, uint64_t *thousandths);

#endif
