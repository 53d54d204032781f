/* SPDX-License-Identifier: MIT */
/*
 * The broker: how it is configured, and what it says it has
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef QUEUE_HOSTILE_BROKER_H
#define QUEUE_HOSTILE_BROKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Of the configuration */
#define VARIANTS	2

/* What all leases of a user, and all together may have: little more than one of them */
#define USER_PAGES	9
#define ALL_PAGES	13

/* What is so in the present one. 0: there is no such slice */
uint32_t dma_pages(int slice);
bool may_hold(int slice, uid_t uid);

void broker_begin(void);
/* By a signal, and wait: whether the end was what that makes of it */
bool broker_finish(int signal);
/* Another one is in force when it returns, and what ends of that has ended */
void broker_choose(uint32_t variant);

/*
 * Does it, and does the kernel, have leases, memory and interrupts as in the model?
 * @say: where not, that is wrong
 */
bool broker_agrees(bool say);
/* The id of the slice's lease that is held; 0: none */
long broker_holds(int slice);
/* Whoever has left has left nothing: no file, no DMABUF */
bool broker_is_clean(void);

#endif
