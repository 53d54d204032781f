/* SPDX-License-Identifier: MIT */
/*
 * A thread for what takes long
 *
 * Copyright (C) 2026 The barlease authors
 *
 * It does one thing after the other, in the order in which they were asked for,
 * and each ends in the event loop. Nobody waits for it: when the process ends,
 * what it is at ends, too.
 */
#ifndef BROKER_WORKER_H
#define BROKER_WORKER_H

#include <sys/queue.h>

#include "loop.h"

/**
 * struct work - something to do, as a member of what it is about
 * @run: does it, in the thread: nothing else may touch what it uses
 * @done: is called in the loop afterwards
 */
struct work {
	STAILQ_ENTRY(work) link;
	void (*run)(struct work *work);
	void (*done)(struct work *work);
};

struct worker;

/* For ever. Signals that are blocked by then are for others. Return: 0; -errno */
int worker_new(struct loop *loop, struct worker **worker);
void worker_do(struct worker *worker, struct work *work);

#endif
