/* SPDX-License-Identifier: MIT */
/*
 * From a member to what it is a member of
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_CONTAINER_H
#define LIB_CONTAINER_H

#include <stddef.h>

#define bl_container_of(member_at, type, member) \
	((type *)((char *)(member_at) - offsetof(type, member)))

#endif
