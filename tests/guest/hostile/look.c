// SPDX-License-Identifier: MIT
/*
 * Loads and stores of an actor, each of which is judged
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "look.h"
#include "model.h"
#include "place.h"
#include "prng.h"

const struct page *wanted(const struct actor *me, uint32_t index)
{
	const struct page *page = &me->pages[index];

	return page->kind == LEASED ? page : NULL;
}

static enum access read_words(struct actor *me, mapping_t at,
			      uint32_t words[WORDS])
{
	enum access access = CALL(me, try_read32(at, &words[0]));

	if (access == ACCESS_DONE)
		access = CALL(me, try_read32(at + 4, &words[1]));
	return access;
}

void look_at(struct actor *me, uint32_t index)
{
	const struct page *want = wanted(me, index);
	struct moment began = moment_now();
	uint32_t words[WORDS];
	enum access access = read_words(me, address(me, index), words);

	SAY(me, "look at page %u of its arena: %d", index, access);
	if (access == ACCESS_DONE) {
		if (want && !(want->prot & PROT_READ))
			escape(me, "page %u of lease %u was read in spite of PROT_NONE",
			       want->page, want->gen);
		judge(me, words, began, want, "a load");
	} else if (want && want->prot & PROT_READ) {
		judge_refusal(me, want, began, access, "a load");
	}
}

void mark_at(struct actor *me, uint32_t index, uint32_t which)
{
	const struct page *want = wanted(me, index);
	struct moment began = moment_now();
	enum access access;

	if (!want)
		return;
	access = CALL(me, try_write32((mapping_t)address(me, index) +
				      lane(which), mark(want->gen)));
	SAY(me, "mark page %u of its arena: %d", index, access);
	if (access == ACCESS_DONE) {
		if (!(want->prot & PROT_WRITE))
			escape(me, "page %u of lease %u was written in spite of its protection",
			       want->page, want->gen);
		judge_access(me, want->gen, began, "a store to a page");
	} else if (want->prot & PROT_WRITE) {
		judge_refusal(me, want, began, access, "a store");
	}
}

void look_around(struct actor *me, uint32_t number, uint32_t times)
{
	struct prng prng = prng_seeded(number);

	while (times--)
		look_at(me, any_page(me, prng_next(&prng), prng_next(&prng)));
}

void look_wild(struct actor *me, uint32_t number, uint32_t times)
{
	struct prng prng = prng_seeded(number);

	while (times--) {
		uint64_t page = prng_below(&prng, ARENA_PAGES);
		struct moment began = moment_now();
		uint32_t words[WORDS];

		if (read_words(me, wild[me->client] + page * PAGE, words) ==
		    ACCESS_DONE)
			judge(me, words, began, NULL, "a load anywhere");
	}
}
