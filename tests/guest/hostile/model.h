/* SPDX-License-Identifier: MIT */
/*
 * What the device's memory says, and who may see it
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Each page's first word says which page it is, and the second which lease it
 * belongs to: the owner writes that before it exports, and again when the revoke
 * has returned. Clients write to some other words of a page, its lanes, and only the
 * mark of the lease through which they do it.
 */
#ifndef HOSTILE_MODEL_H
#define HOSTILE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "access.h"
#include "world.h"

#define WORDS	2
#define LANES	3

uint32_t word_of_page(uint32_t page);
uint32_t word_of_lease(uint32_t page, uint16_t gen);
uint32_t mark(uint16_t gen);
/* Where in a page */
uint32_t lane(uint32_t which);

/* false: these words are not the device's */
bool known(const uint32_t words[WORDS], struct page *seen);

struct lease *lease_nr(uint16_t gen);
/* The BAR's page that is page number @index of the lease */
uint32_t page_of_lease(const struct lease *lease, uint32_t index);

/* To be asked before each access */
struct moment {
	uint32_t clock;
	uint32_t dark;
};

struct moment moment_now(void);

/*
 * Words that came by way of @how, which began at @began. @want is what belongs
 * there, or NULL where anything may lie that this client may see.
 */
void judge(struct actor *me, const uint32_t words[WORDS], struct moment began,
	   const struct page *want, const char *how);
/* Something was done through a lease, and went well */
void judge_success(struct actor *me, uint16_t gen, struct moment began,
		   const char *how);
/* The same of an access, which goes well after the end where that is ones */
void judge_access(struct actor *me, uint16_t gen, struct moment began,
		  const char *how);
/* It was refused */
void judge_refusal(struct actor *me, const struct page *want,
		   struct moment began, enum access access, const char *how);

/* The first one ends the round */
void escape(struct actor *me, const char *story, ...)
	__attribute__((format(printf, 2, 3)));
/* For the short program of a failure */
void say(struct actor *me, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

#define SAY(me, ...)							\
	do {								\
		if (shared->verbose)					\
			say(me, __VA_ARGS__);				\
	} while (0)

#endif
