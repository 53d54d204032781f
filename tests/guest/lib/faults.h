/* SPDX-License-Identifier: MIT */
/*
 * How many page faults an access costs
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stddef.h>

/* Page faults of this thread until now */
long faults(void);

/*
 * Read a word every @stride bytes and return how many page faults that took,
 * not counting those of the code itself. Every access must succeed.
 */
long faults_of_touching(const volatile void *at, size_t size, size_t stride);

#endif
