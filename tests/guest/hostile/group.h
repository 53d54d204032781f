/* SPDX-License-Identifier: MIT */
/*
 * A control group of the clients, in which memory and processes may be short
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Where the kernel has none of these, they are never short.
 */
#ifndef HOSTILE_GROUP_H
#define HOSTILE_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

void group_make(void);
void group_remove(void);

void group_tighten(bool tight);
void group_add(pid_t pid);
/* Has the kernel killed somebody there for memory since the last call? */
bool group_killed(void);

#endif
