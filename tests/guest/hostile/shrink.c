// SPDX-License-Identifier: MIT
/*
 * What is said of a failure: the shortest program that still fails
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Steps choose among what there is, so any of them can be left out. What fails
 * with all actors at once is tried again in turn, in the order in which the steps
 * began.
 */
#include <stdlib.h>
#include <string.h>

#include "round.h"
#include "shrink.h"
#include "tap.h"

#define TRIES		3	/* before it is said that it does not come again */
#define MOST_RUNS	400	/* for leaving steps out */
#define LAST_SHOWN	12

static bool fails(uint64_t seed, const uint32_t *list, uint32_t n, enum way way)
{
	return !round_run(seed, list, n, way);
}

static int times_again(uint64_t seed, const uint32_t *list, uint32_t n,
		       enum way way)
{
	int times = 0;

	for (int i = 0; i < TRIES; i++)
		times += fails(seed, list, n, way);
	return times;
}

static uint32_t without(uint32_t *to, const uint32_t *list, uint32_t n,
			uint32_t first, uint32_t chunk)
{
	uint32_t end = first + chunk < n ? first + chunk : n;

	memcpy(to, list, first * sizeof(*list));
	memcpy(to + first, list + end, (n - end) * sizeof(*list));
	return n - (end - first);
}

/* Ever smaller parts of it are left out, as long as it fails */
static uint32_t shrink(uint64_t seed, uint32_t *list, uint32_t n)
{
	uint32_t *shorter = calloc(n + 1, sizeof(*shorter)), m;
	int runs = 0;

	if (!shorter)
		return n;
	for (uint32_t chunk = (n + 1) / 2; chunk && runs < MOST_RUNS;
	     chunk /= 2) {
		for (uint32_t first = 0; first < n && runs < MOST_RUNS; runs++) {
			m = without(shorter, list, n, first, chunk);
			if (fails(seed, shorter, m, IN_TURN)) {
				memcpy(list, shorter, m * sizeof(*list));
				n = m;
			} else {
				first += chunk;
			}
		}
	}
	free(shorter);
	diag("of %d runs with steps left out, the shortest that failed has %u steps",
	     runs, n);
	return n;
}

static void show_program(uint64_t seed, const uint32_t *list, uint32_t n)
{
	uint32_t said;

	shared->verbose = true;
	fails(seed, list, n, IN_TURN);
	shared->verbose = false;
	for (uint32_t i = 0; i < n && i < 60; i++) {
		const struct op *op = &shared->program[list[i]];

		diag("  step %u: %d, %s %#x %#x %#x %#x", list[i], op->actor,
		     name_of(op), op->arg[0], op->arg[1], op->arg[2],
		     op->arg[3]);
	}
	said = atomic_load(&shared->nr_said);
	diag("what they did, as 0 (the owner), 1 (the primary) or 2 to %d (clients):",
	     ACTORS - 1);
	for (uint32_t i = said > MAX_SAID ? said - MAX_SAID : 0; i < said; i++)
		diag("  %s", shared->said[i % MAX_SAID]);
}

/* In the order in which they began */
static void show_last(uint32_t began)
{
	int left[ACTORS];

	for (int i = 0; i < ACTORS; i++)
		left[i] = LAST_SHOWN;
	for (uint32_t i = began; i--;) {
		const struct op *op = &shared->program[shared->order[i]];

		if (!left[op->actor])
			continue;
		left[op->actor]--;
		diag("  %u before the end: %d, %s %#x %#x %#x %#x",
		     began - i - 1, op->actor, name_of(op), op->arg[0],
		     op->arg[1], op->arg[2], op->arg[3]);
	}
}

/* Those of the end are in every round by themselves */
static uint32_t as_they_began(uint32_t *list, uint32_t began)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < began; i++)
		if (shared->order[i] < LAST_AT(0))
			list[n++] = shared->order[i];
	return n;
}

void failure_report(uint64_t seed, uint32_t *list, uint32_t n, enum way way)
{
	uint32_t began = atomic_load(&shared->ticket), m;
	uint32_t *order = calloc(MAX_OPS, sizeof(*order));
	int times;

	diag("BARLEASE_SEED=%llu: step %u, \"%s\" of actor %u, of %u in all: %s",
	     (unsigned long long)seed, shared->escaped_at,
	     name_of(&shared->program[shared->escaped_at]), shared->escaped_by,
	     n, shared->story);
	if (!order)
		return;
	began = began < MAX_OPS ? began : MAX_OPS;
	m = as_they_began(order, began);
	if (way == AT_ONCE) {
		diag("all went at once; their last steps:");
		show_last(began);
		times = times_again(seed, list, n, AT_ONCE);
		diag("at once it failed again %d times of %d", times, TRIES);
	}
	times = times_again(seed, order, m, IN_TURN);
	diag("in turn, %u steps failed %d times of %d", m, times, TRIES);
	if (times) {
		m = shrink(seed, order, m);
		show_program(seed, order, m);
	} else {
		diag("it takes a race: there is no short program to show");
	}
	free(order);
}
