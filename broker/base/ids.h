/* SPDX-License-Identifier: MIT */
/*
 * Numbers that do not come twice, whatever becomes of the process
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A file has the first number that nobody has taken. They are taken in blocks,
 * of which a process that dies wastes the rest.
 */
#ifndef BROKER_IDS_H
#define BROKER_IDS_H

#include <stdint.h>

#define IDS_BLOCK	65536u

/*
 * Take a block: @first and those after it. When there are no more, it begins
 * with 1 again. @directory may be somebody else's. Return: 0; -errno
 */
int ids_take(const char *directory, uint32_t *first);

#endif
