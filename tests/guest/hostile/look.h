/* SPDX-License-Identifier: MIT */
/*
 * Loads and stores of an actor, each of which is judged
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOSTILE_LOOK_H
#define HOSTILE_LOOK_H

#include "world.h"

/* What belongs at that page of the arena, or NULL where nobody can tell */
const struct page *wanted(const struct actor *me, uint32_t index);

void look_at(struct actor *me, uint32_t index);
/* Only where a lease is known to be, and may be written */
void mark_at(struct actor *me, uint32_t index, uint32_t which);
/* Some of all that was mapped lately */
void look_around(struct actor *me, uint32_t number, uint32_t times);
/* In what all threads of a client change as they like */
void look_wild(struct actor *me, uint32_t number, uint32_t times);

#endif
