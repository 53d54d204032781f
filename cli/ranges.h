/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a slice, as the administrator's socket writes them
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_RANGES_H
#define CLI_RANGES_H

#include <stddef.h>

#include "occupancy.h"

/* "OFFSET+LENGTH,..."; @extents is for free(). Return: 0; -EPROTO; -ENOMEM */
int ranges_parse(const char *text, struct extent **extents, size_t *nr);

/* "0x1000-0x1fff", and how many more there are */
void ranges_describe(const struct extent *extents, size_t nr, char *text,
		     size_t size);

#endif
