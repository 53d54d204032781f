// SPDX-License-Identifier: MIT
/*
 * Places in an actor's arena, and what it knows to lie there
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>

#include "place.h"
#include "tap.h"

#define ARENAS_AT	(sizeof(long) == 8 ? (uintptr_t)(1ull << 36) : 1u << 29)

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif

mapping_t arena_reserve(unsigned int number)
{
	void *at = (void *)(uintptr_t)(ARENAS_AT + number * ARENA_BYTES);

	at = mmap(at, ARENA_BYTES, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
		  MAP_FIXED_NOREPLACE, -1, 0);
	if (at == MAP_FAILED)
		bail("no address space for arena %u: %s", number,
		     strerror(errno));
	return at;
}

void *address(const struct actor *me, uint32_t index)
{
	return (void *)(me->arena + index * PAGE);
}

uint32_t any_length(uint32_t most, uint32_t number)
{
	const uint32_t lengths[] = {
		1, 2, 7, HUGE_PAGES - 1, HUGE_PAGES, HUGE_PAGES + 1,
		2 * HUGE_PAGES, 3 * HUGE_PAGES + 5,
	};
	uint32_t length = lengths[number % 8];

	if (number & 8 || length > most)
		return most;
	return length;
}

/* As a rule of a lease that is not revoked */
static struct span any_span(const struct actor *me, uint32_t number)
{
	for (uint32_t i = 0; i < 4 && number >> 29; i++) {
		struct span span = me->spans[(number + i) % me->nr_spans];
		uint16_t gen = me->pages[span.first + span.n / 2].gen;

		if (atomic_load(&shared->leases[gen].phase) == ALIVE)
			return span;
	}
	return me->spans[number % me->nr_spans];
}

struct span any_part(const struct actor *me, uint32_t number, uint32_t how)
{
	struct span part;
	uint32_t spare;

	if (!me->nr_spans || number % 64 == 63) {
		part.n = any_length(ARENA_PAGES, how & 7);
		part.first = (number >> 8) % (ARENA_PAGES - part.n + 1);
		return part;
	}
	part = any_span(me, number);
	spare = part.n;
	part.n = any_length(part.n, how >> 4);
	spare -= part.n;
	switch (how & 3) {
	case 0:
		part.first += spare;
		break;
	case 1:
		part.first += (number >> 8) % (spare + 1);
		break;
	case 2:
		part.first += spare < 3 ? spare : 3;
		break;
	default:
		break;
	}
	return part;
}

/* At either end of the part, at the edge of a huge page, or anywhere */
uint32_t any_page(const struct actor *me, uint32_t number, uint32_t how)
{
	struct span part = any_part(me, number, how | 0x80);
	uint32_t page = part.first + (number >> 8) % part.n;

	switch (how >> 8 & 7) {
	case 0:
		return part.first;
	case 1:
		return part.first + part.n - 1;
	case 2:
		page &= ~(HUGE_PAGES - 1);
		return page < part.first ? part.first : page;
	case 3:
		page |= HUGE_PAGES - 1;
		return page < part.first + part.n ? page :
						    part.first + part.n - 1;
	default:
		return page;
	}
}

uint32_t any_room(uint32_t n, uint32_t page, uint32_t number)
{
	uint32_t most = ARENA_PAGES - n, place = (number >> 2) % (most + 1);

	/* Where huge pages fit, as a rule */
	if (number & 3) {
		place = (place & ~(HUGE_PAGES - 1)) + page % HUGE_PAGES;
		if (place > most)
			place = page % HUGE_PAGES;
		if (place > most)
			place = most;
	}
	return place;
}

bool all_of(const struct actor *me, struct span part, enum kind_of_page kind)
{
	for (uint32_t i = 0; i < part.n; i++)
		if (me->pages[part.first + i].kind != kind)
			return false;
	return true;
}

void remember(struct actor *me, uint32_t first, uint32_t n)
{
	me->spans[me->next_span] = (struct span){ first, n };
	me->next_span = (me->next_span + 1) % SPANS;
	if (me->nr_spans < SPANS)
		me->nr_spans++;
}

void forget(struct actor *me, uint32_t first, uint32_t n,
	    enum kind_of_page kind)
{
	for (uint32_t i = 0; i < n; i++)
		me->pages[first + i] = (struct page){ .kind = kind };
}
