/* SPDX-License-Identifier: MIT */
/*
 * How much of the driver's code the steps have reached, as KCOV has it
 *
 * Copyright (C) 2026 The barlease authors
 *
 * On kernels that have it, where the driver is built for it (lab/kbuild.sh); else
 * nothing is ever reached.
 */
#ifndef HOSTILE_COVER_H
#define HOSTILE_COVER_H

#include <stdbool.h>
#include <stdint.h>

struct actor;

/* As root, before there are any actors */
void cover_open(void);
bool cover_has(int fd);

/* In the actor's thread: from now on; and what came of a step */
void cover_begin(const struct actor *me);
void cover_add(const struct actor *me);

/* Says how much that is, and when it was the last time that there was more */
void cover_say(int64_t since);

#endif
