/* SPDX-License-Identifier: MIT */
/*
 * Actors that do as they are told, and the process of a client
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOSTILE_CLIENT_H
#define HOSTILE_CLIENT_H

#include "world.h"

/* What a thread does: steps, until a box says QUIT */
#define QUIT	(~0u)

void *actor_run(void *actor);

/* Of a user of its own, without any capability */
pid_t client_start(int client);

void futex_wake(atomic_uint *word);
/* Until it is something else than @value, or for a second */
void futex_wait(atomic_uint *word, uint32_t value);

#endif
