// SPDX-License-Identifier: MIT
/*
 * Arrays that grow
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"

void *array_add(void *array, size_t *nr, size_t size)
{
	void **start = array;
	char *slot;

	if (!(*nr & (*nr - 1))) {
		void *more;

		if (*nr > SIZE_MAX / 2)
			return NULL;
		more = reallocarray(*start, *nr ? *nr * 2 : 1, size);
		if (!more)
			return NULL;
		*start = more;
	}
	slot = (char *)*start + *nr * size;
	memset(slot, 0, size);
	(*nr)++;
	return slot;
}
