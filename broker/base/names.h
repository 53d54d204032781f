/* SPDX-License-Identifier: MIT */
/*
 * Users and groups that the system knows
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_NAMES_H
#define BROKER_NAMES_H

#include <stdint.h>

/* Both return 0; -ENOENT where there is none of that name */
int names_user(const char *name, uint32_t *id);
int names_group(const char *name, uint32_t *id);

#endif
