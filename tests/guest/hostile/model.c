// SPDX-License-Identifier: MIT
/*
 * What the device's memory says, and who may see it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdarg.h>
#include <stdio.h>

#include "model.h"

#define PAGE_TAG	0x5a000000u
#define PAGE_BITS	0x00ffffffu
#define MARK_TAG	0x6b000000u

uint32_t word_of_page(uint32_t page)
{
	return PAGE_TAG | page;
}

static uint16_t check_of(uint32_t page, uint16_t gen)
{
	return page * 40503u + gen * 30011u + 4711u;
}

uint32_t word_of_lease(uint32_t page, uint16_t gen)
{
	return (uint32_t)gen << 16 | check_of(page, gen);
}

uint32_t mark(uint16_t gen)
{
	return MARK_TAG | gen;
}

/* One for single words, one for blocks of 512 bytes, and a page's last word */
uint32_t lane(uint32_t which)
{
	static const uint32_t lanes[LANES] = { 8, 512, PAGE - 4 };

	return lanes[which % LANES];
}

bool known(const uint32_t words[WORDS], struct page *seen)
{
	seen->page = words[0] & PAGE_BITS;
	seen->gen = words[1] >> 16;
	seen->kind = LEASED;
	return (words[0] & ~PAGE_BITS) == PAGE_TAG && seen->page < BAR_PAGES &&
	       seen->gen < GENERATIONS &&
	       (uint16_t)words[1] == check_of(seen->page, seen->gen);
}

struct lease *lease_nr(uint16_t gen)
{
	return &shared->leases[gen];
}

uint32_t page_of_lease(const struct lease *lease, uint32_t index)
{
	uint32_t i = 0;

	while (i + 1 < lease->nr_ranges && index >= lease->range[i].n)
		index -= lease->range[i++].n;
	return lease->range[i].first + index;
}

struct moment moment_now(void)
{
	return (struct moment){ atomic_load(&shared->clock),
				atomic_load(&shared->dark) };
}

/*
 * What is left of a lease that ends so: clients write to other words of a page. It may
 * end between the two.
 */
static bool is_end(const uint32_t words[WORDS], const struct page *want)
{
	const struct lease *lease = lease_nr(want->gen);

	return lease->ones && atomic_load(&lease->phase) != ALIVE &&
	       (words[0] == ~0u || words[0] == word_of_page(want->page)) &&
	       words[1] == ~0u;
}

/* Whoever reads what was written after a revoke has read after it, too. */
void judge(struct actor *me, const uint32_t words[WORDS], struct moment began,
	   const struct page *want, const char *how)
{
	struct lease *lease;
	struct page seen;

	me->tally->looks++;
	if (!known(words, &seen)) {
		if (want && !is_end(words, want))
			escape(me, "%s: %#x %#x instead of page %u of lease %u",
			       how, words[0], words[1], want->page, want->gen);
		return;
	}
	lease = lease_nr(seen.gen);
	if (!seen.gen)
		escape(me, "%s: page %u, which is nobody's (lease %u?)", how,
		       seen.page, want ? want->gen : 0);
	else if (!(atomic_load(&lease->clients) & 1u << me->client))
		escape(me, "%s: page %u of lease %u, which this client never had",
		       how, seen.page, seen.gen);
	else if (atomic_load(&lease->lost_at) <= began.clock)
		escape(me, "%s: page %u of lease %u after its revoke", how,
		       seen.page, seen.gen);
	else if (want && (want->page != seen.page || want->gen != seen.gen))
		escape(me, "%s: page %u of lease %u, instead of %u of %u", how,
		       seen.page, seen.gen, want->page, want->gen);
}

void judge_success(struct actor *me, uint16_t gen, struct moment began,
		   const char *how)
{
	me->tally->looks++;
	if (atomic_load(&lease_nr(gen)->lost_at) <= began.clock)
		escape(me, "%s of lease %u went well after its revoke", how,
		       gen);
}

void judge_access(struct actor *me, uint16_t gen, struct moment began,
		  const char *how)
{
	if (!lease_nr(gen)->ones)
		judge_success(me, gen, began, how);
	else
		me->tally->looks++;
}

/* A child may lack what its parent has: MADV_DONTFORK */
void judge_refusal(struct actor *me, const struct page *want,
		   struct moment began, enum access access, const char *how)
{
	bool alive = atomic_load(&lease_nr(want->gen)->phase) == ALIVE;
	bool lit = !(began.dark & 1) &&
		   atomic_load(&shared->dark) == began.dark;

	me->tally->looks++;
	me->tally->refused++;
	if (access == ACCESS_SIGSEGV && !me->is_kid)
		escape(me, "%s: SIGSEGV at page %u of lease %u", how,
		       want->page, want->gen);
	else if (access == ACCESS_SIGBUS && alive && lit)
		escape(me, "%s: SIGBUS at page %u of lease %u, which is not revoked",
		       how, want->page, want->gen);
}

void escape(struct actor *me, const char *story, ...)
{
	va_list args;

	if (atomic_fetch_add(&shared->escapes, 1))
		return;
	shared->escaped_at = atomic_load(&me->tally->at);
	shared->escaped_by = me->index;
	va_start(args, story);
	vsnprintf(shared->story, sizeof(shared->story), story, args);
	va_end(args);
	say(me, "*** %s", shared->story);
	atomic_store(&shared->stop, true);
}

void say(struct actor *me, const char *text, ...)
{
	uint32_t line;
	va_list args;
	int n;

	if (!shared->verbose)
		return;
	line = atomic_fetch_add(&shared->nr_said, 1) % MAX_SAID;
	n = snprintf(shared->said[line], LINE, "%s%d: ",
		     me->is_kid ? "child of " : "", me->index);
	va_start(args, text);
	vsnprintf(shared->said[line] + n, LINE - n, text, args);
	va_end(args);
}
