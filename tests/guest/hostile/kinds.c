// SPDX-License-Identifier: MIT
/*
 * Which steps there are, and how often each is taken
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stddef.h>

#include "clock.h"
#include "look.h"
#include "model.h"
#include "ops.h"
#include "place.h"
#include "prng.h"

const struct kind client_kinds[] = {
	{ "look", 60, step_look },
	{ "mark", 30, step_mark },
	{ "look anywhere", 16, step_look_wild },
	{ "map", 30, step_map },
	{ "map wrongly", 8, step_map_wrong },
	{ "unmap", 8, step_unmap },
	{ "cover", 5, step_cover },
	{ "move", 8, step_move },
	{ "resize", 4, step_resize },
	{ "anything anywhere", 14, step_wild },
	{ "protect", 10, step_protect },
	{ "advise", 14, step_advise },
	{ "lock", 4, step_lock },
	{ "walk", 5, step_walk },
	{ "remap", 2, step_remap },
	{ "nodes", 4, step_numa },
	{ "userfaultfd", 2, step_watch },
	{ "process_vm_readv", 10, step_read_self },
	{ "process_vm_writev", 6, step_write_self },
	{ "read others", 3, step_read_other },
	{ "/proc/self/mem", 6, step_proc_mem },
	{ "pipe", 10, step_pipe },
	{ "splice", 5, step_splice },
	{ "direct", 2, step_direct },
	{ "io_uring", 4, step_ring },
	{ "file", 10, step_file },
	{ "dma-buf", 8, step_dma_buf },
	{ "ioctl", 10, step_ioctl },
	{ "reopen", 3, step_reopen },
	{ "/proc", 1, step_proc },
	{ "limit", 3, step_limit },
	{ "signal", 4, step_signal },
	{ "fork", 1, step_fork },
	{ "ask the child", 8, step_kid },
	{ "end the child", 1, step_kid_end },
	{ "short fork", 1, step_short_fork },
	{ "clone", 2, step_clone },
	{ "debug", 1, step_debug },
	{ "receive", 30, step_receive },
	{ "pass on", 3, step_pass },
	{ "drop", 1, step_drop },
	{ "double", 2, step_double },
	/* At the end of a round only */
	{ "look at everything", 0, step_look_all },
};

const struct kind owner_kinds[] = {
	{ "export", 24, step_export },
	{ "revoke", 22, step_revoke },
	{ "attribute", 4, step_attribute },
	{ "stall", 6, step_stall },
	{ "decode off", 2, step_off },
	{ "decode on", 6, step_on },
	{ "inspect", 10, step_inspect },
	{ "reset", 1, step_reset },
	{ "low power", 1, step_low_power },
	{ "pause", 40, step_pause },
	{ "revoke everything", 0, step_revoke_all },
	{ "inspect everything", 0, step_inspect_all },
};

const struct kind primary_kinds[] = {
	{ "feature", 40, step_feature },
	{ "any export", 20, step_any_export },
	{ "BAR map", 20, step_bar_map },
	{ "region", 10, step_region },
	{ "call", 30, step_call },
	{ "map for DMA", 2, step_dma },
	{ "hot reset", 1, step_hot_reset },
	{ "pause", 120, step_pause },
};

#define N(array) (sizeof(array) / sizeof(*(array)))

const struct kind *kinds_of(int actor, uint32_t *n)
{
	switch (actor) {
	case OWNER:
		*n = N(owner_kinds);
		return owner_kinds;
	case PRIMARY:
		*n = N(primary_kinds);
		return primary_kinds;
	default:
		*n = N(client_kinds);
		return client_kinds;
	}
}

static bool is_alive(const struct held *held)
{
	return atomic_load(&shared->leases[held->gen].phase) == ALIVE;
}

/* As a rule one that is not revoked, for there are many that are */
struct held *any_held(struct actor *me, uint32_t number)
{
	struct held *found = NULL;

	for (uint32_t i = 0; i < HELD; i++) {
		struct held *held = &me->held[(number + i) % HELD];

		if (!held->gen)
			continue;
		if (number >> 30 == 0 || is_alive(held))
			return held;
		found = held;
	}
	return found;
}

void many(struct actor *me, const uint32_t *arg, step_fn *step)
{
	struct prng prng = prng_seeded(arg[3]);
	uint32_t others[4];

	step(me, arg);
	for (int i = 0; i < 24 && !shared->stop; i++) {
		for (int j = 0; j < 4; j++)
			others[j] = prng_next(&prng);
		/* Of the same lease, or at the same place, as a rule */
		if (i & 3)
			others[0] = arg[0];
		step(me, others);
	}
}

void *scratch(void)
{
	static __thread uint8_t pages[2 * 65536];

	return (void *)(((uintptr_t)pages + 65535) & ~65535ul);
}

/* --- loads and stores --- */

void step_look(struct actor *me, const uint32_t *arg)
{
	look_around(me, arg[0], 48);
}

/* The clients are to get somewhere meanwhile; in turn, they do so anyway */
void step_pause(struct actor *me, const uint32_t *arg)
{
	SAY(me, "pause");
	if (shared->at_once)
		sleep_ms(arg[0] % 40);
}

void step_mark(struct actor *me, const uint32_t *arg)
{
	struct prng prng = prng_seeded(arg[0]);

	for (int i = 0; i < 24; i++)
		mark_at(me, any_page(me, prng_next(&prng), prng_next(&prng)), i);
}

void step_look_wild(struct actor *me, const uint32_t *arg)
{
	look_wild(me, arg[0], 32);
}

/* Here and there, and where one lease ends and another begins */
void step_look_all(struct actor *me, const uint32_t *arg)
{
	uint16_t before = 0;

	(void)arg;
	for (uint32_t i = 0; i < ARENA_PAGES && !shared->stop; i++) {
		const struct page *page = wanted(me, i);
		uint16_t gen = page ? page->gen : 0;

		if (page && (i % 16 == 0 || gen != before))
			look_at(me, i);
		before = gen;
	}
}
