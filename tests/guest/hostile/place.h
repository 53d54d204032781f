/* SPDX-License-Identifier: MIT */
/*
 * Places in an actor's arena, and what it knows to lie there
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOSTILE_PLACE_H
#define HOSTILE_PLACE_H

#include <stdint.h>

#include "world.h"

/* Where arenas are: far from where the kernel puts what says no address */
mapping_t arena_reserve(unsigned int number);

void *address(const struct actor *me, uint32_t index);

/* A length in pages, odd in one way or another, and no longer than @most */
uint32_t any_length(uint32_t most, uint32_t number);
/* Part of something mapped lately, or just any place */
struct span any_part(const struct actor *me, uint32_t number, uint32_t how);
/* One page of it: a page that is known to be leased, should there be one near */
uint32_t any_page(const struct actor *me, uint32_t number, uint32_t how);
/* Where @n pages go, of which the first is @page of the BAR */
uint32_t any_room(uint32_t n, uint32_t page, uint32_t number);

bool all_of(const struct actor *me, struct span part, enum kind_of_page kind);
void remember(struct actor *me, uint32_t first, uint32_t n);
void forget(struct actor *me, uint32_t first, uint32_t n,
	    enum kind_of_page kind);

#endif
