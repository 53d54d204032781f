/* SPDX-License-Identifier: MIT */
/*
 * Arrays that grow
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_ARRAY_H
#define BROKER_ARRAY_H

#include <stddef.h>

/*
 * One more element at the end of *@array, zeroed; NULL without memory. The
 * array is for free(); its room is its number of elements, rounded up to a
 * power of two.
 */
void *array_add(void *array, size_t *nr, size_t size);

#endif
