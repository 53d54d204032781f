/* SPDX-License-Identifier: MIT */
/*
 * Two threads of a process: one reads a device that has to be waited for, and the
 * other wants nothing of it
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BYSTANDER_H
#define BYSTANDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "later.h"
#include "map.h"

struct bystander {
	mapping_t at;
	later_fn fn;
	atomic_bool go;
	struct later reader;
	struct later other;
};

/*
 * A thread reads @at, which has no page yet, and a check says that it sleeps in
 * @function of the kernel. Does another one, which does @fn, wait as well?
 */
bool bystander_waits(struct bystander *bystander, mapping_t at,
		     const char *function, later_fn fn);
/* Checks: with nothing left to wait for, both are done, and @want was read */
void bystander_end(struct bystander *bystander, uint32_t want);

/* A @fn: maps memory, uses and unmaps it */
long bystander_maps_memory(void *unused);

#endif
