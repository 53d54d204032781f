/* SPDX-License-Identifier: MIT */
/*
 * What the kernel has of leases with interrupts and memory
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef QUEUE_LIB_H
#define QUEUE_LIB_H

#include <stdbool.h>
#include <sys/types.h>

/* Kilobytes that devices reach by this process, whatever way it opened them */
long queue_pinned(pid_t broker);
/* Check that it is so much, sooner or later */
bool queue_has_pinned(pid_t broker, long want, const char *name);

/* Once with each backend that this kernel has */
void queue_both_ways(void (*run)(const char *backend));

/* How many DMABUFs there are in the machine, and -1 where nobody can tell */
int queue_dmabufs(void);

#endif
