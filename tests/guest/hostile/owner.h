/* SPDX-License-Identifier: MIT */
/*
 * How the owner begins a round, and ends it
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOSTILE_OWNER_H
#define HOSTILE_OWNER_H

#include "world.h"

/* Nobody has anything, and the device's memory says so */
void owner_begin(struct actor *me, uint64_t seed);
/* What a round that has failed left behind */
void owner_end(struct actor *me);

#endif
