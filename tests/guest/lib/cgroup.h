/* SPDX-License-Identifier: MIT */
/*
 * A control group, in which memory counts, and other things may
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#define CGROUP		"/tmp/cgroup/test"

/*
 * With controllers, as "+memory +pids". false where the kernel has no control groups;
 * gives up where it has, and something fails
 */
bool cgroup_make(const char *controllers);
void cgroup_remove(void);

/* A process, into it and out of it; they give up where they fail */
void cgroup_enter(pid_t pid);
void cgroup_leave(pid_t pid);

/*
 * A group by its path below the root, as "a/b", made if need be; and away with it and what
 * it is in, as far as that is empty
 */
void cgroup_put(const char *group, pid_t pid);
void cgroup_drop(const char *group);

/* Bytes; gives up where that fails */
long long cgroup_memory(void);

#endif
