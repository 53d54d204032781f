/* SPDX-License-Identifier: MIT */
/*
 * A thread that touches a mapping at nearly the same time as something else is done
 * about it: a little before, meanwhile, or a little after
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef TOUCHER_H
#define TOUCHER_H

#include <pthread.h>
#include <stdatomic.h>

#include "map.h"
#include "prng.h"

struct toucher {
	_Atomic mapping_t target;	/* NULL: it has been touched */
	int times;
	struct prng prng;
	pthread_t thread;
};

/* For so many touches */
void toucher_begin(struct toucher *toucher, int times);
/* Have it touch @at; returns when it is about to, or has */
void toucher_touch(struct toucher *toucher, mapping_t at);
/* Wait until it has */
void toucher_wait(struct toucher *toucher);
void toucher_end(struct toucher *toucher);

#endif
