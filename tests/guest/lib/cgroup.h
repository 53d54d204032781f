/* SPDX-License-Identifier: MIT */
/*
 * A control group whose memory counts
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>

#define CGROUP		"/tmp/cgroup/test"

/* false where the kernel has none; gives up where it has and something fails */
bool cgroup_make(void);
void cgroup_remove(void);

/* The calling process, into it and out of it */
void cgroup_enter(void);
void cgroup_leave(void);

/* Bytes; gives up where that fails */
long long cgroup_memory(void);
void cgroup_limit(long long bytes);

#endif
