/* SPDX-License-Identifier: MIT */
/*
 * A call that may have to wait, made by a thread of its own
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LATER_H
#define LATER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef long (*later_fn)(void *arg);

struct later {
	later_fn fn;
	void *arg;
	long ret;
	atomic_int tid;
	atomic_bool done;
	pthread_t thread;
};

void later_begin(struct later *later, later_fn fn, void *arg);
/* Has it not come back after a while? */
bool later_waits(struct later *later);
/* Wait for it; returns what @fn does */
long later_end(struct later *later);

#endif
