/* SPDX-License-Identifier: MIT */
/*
 * Sizes for people
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_SIZE_H
#define CLI_SIZE_H

#include <stdint.h>

struct size_text {
	char text[24];
};

/* "64 MiB"; what is no whole number of anything, with one digit: "6.5 MiB" */
struct size_text size_text(uint64_t size);

#endif
