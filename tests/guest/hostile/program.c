// SPDX-License-Identifier: MIT
/*
 * Programs that a seed makes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "ops.h"
#include "prng.h"
#include "program.h"

/* Steps of a round, of each actor where all go at once */
#define STEPS_IN_TURN	4000u
#define STEPS_AT_ONCE	3000u

enum way way_of(uint64_t seed)
{
	struct prng prng = prng_seeded(seed ^ 0x5eed);

	return prng_below(&prng, 8) < 5 ? AT_ONCE : IN_TURN;
}

static uint8_t any_kind(struct prng *prng, int actor)
{
	uint32_t n, all = 0, dice;
	const struct kind *kinds = kinds_of(actor, &n);

	for (uint32_t i = 0; i < n; i++)
		all += kinds[i].weight;
	dice = prng_below(prng, all);
	for (uint32_t i = 0;; dice -= kinds[i++].weight)
		if (dice < kinds[i].weight)
			return i;
}

static void add(struct prng *prng, int actor, uint32_t at)
{
	struct op *op = &shared->program[at];

	op->actor = actor;
	op->kind = any_kind(prng, actor);
	for (int i = 0; i < 4; i++)
		op->arg[i] = prng_next(prng);
}

/* A few steps of one, then a few of another */
static uint32_t in_turn(struct prng *prng)
{
	uint32_t n = 0;

	while (n < STEPS_IN_TURN) {
		uint32_t dice = prng_below(prng, 10), times;
		int actor;

		if (dice < 2)
			actor = OWNER;
		else if (dice < 3)
			actor = PRIMARY;
		else
			actor = FIRST_THREAD +
				prng_below(prng, CLIENTS * THREADS);
		times = 1 + prng_below(prng, actor == OWNER ? 3 : 20);
		while (times--)
			add(prng, actor, n++);
	}
	return n;
}

static uint32_t at_once(struct prng *prng)
{
	uint32_t n = 0;

	for (int actor = 0; actor < ACTORS; actor++)
		for (uint32_t i = 0; i < STEPS_AT_ONCE; i++)
			add(prng, actor, n++);
	return n;
}

static void make_last(uint32_t i, int actor, step_fn *step)
{
	uint32_t n;
	const struct kind *kinds = kinds_of(actor, &n);
	struct op *op = &shared->program[LAST_AT(i)];

	*op = (struct op){ .actor = actor };
	while (kinds[op->kind].step != step)
		op->kind++;
}

uint32_t program_make(uint64_t seed, enum way way, uint32_t *list)
{
	struct prng prng = prng_seeded(seed);
	uint32_t n = way == IN_TURN ? in_turn(&prng) : at_once(&prng), last = 0;

	for (uint32_t i = 0; i < n; i++)
		list[i] = i;
	make_last(last++, OWNER, step_revoke_all);
	for (int actor = FIRST_THREAD; actor < ACTORS; actor++)
		make_last(last++, actor, step_look_all);
	make_last(last++, OWNER, step_inspect_all);
	return n;
}

const char *name_of(const struct op *op)
{
	uint32_t n;

	return kinds_of(op->actor, &n)[op->kind].name;
}
