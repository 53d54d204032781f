/* SPDX-License-Identifier: MIT */
/*
 * Everything that an actor does: functions of an actor and of four numbers, which
 * choose among what there is at that moment. So a step means something, whichever
 * of those before it are left out.
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOSTILE_OPS_H
#define HOSTILE_OPS_H

#include "world.h"

typedef void step_fn(struct actor *me, const uint32_t *arg);

struct kind {
	const char *name;
	uint8_t weight;
	step_fn *step;
};

extern const struct kind client_kinds[], owner_kinds[], primary_kinds[];
const struct kind *kinds_of(int actor, uint32_t *n);

/* A lease of which it has an fd, or NULL */
struct held *any_held(struct actor *me, uint32_t number);
/* The same, with other numbers, some more times: calls that cost little */
void many(struct actor *me, const uint32_t *arg, step_fn *step);
void *scratch(void);	/* a page of each thread's own */

/* Loads and stores; everything at the end of a round */
step_fn step_look, step_look_wild, step_mark, step_look_all, step_pause;
/* ops-map.c */
step_fn step_map, step_map_wrong, step_unmap, step_cover, step_move, step_resize;
step_fn step_wild;
/* ops-memory.c */
step_fn step_protect, step_advise, step_lock, step_walk, step_remap, step_numa;
step_fn step_watch;
/* ops-copy.c */
step_fn step_read_self, step_write_self, step_read_other, step_proc_mem;
step_fn step_pipe, step_splice, step_direct;
/* ops-ring.c */
step_fn step_ring;
/* ops-file.c */
step_fn step_file, step_dma_buf, step_ioctl, step_reopen;
/* ops-proc.c */
step_fn step_proc, step_limit, step_signal;
/* ops-kid.c */
step_fn step_fork, step_kid, step_kid_end, step_short_fork, step_clone, step_debug;
/* ops-pass.c */
step_fn step_receive, step_pass, step_drop, step_double;
/* ops-owner.c */
step_fn step_export, step_revoke, step_attribute, step_off, step_on, step_inspect;
step_fn step_reset, step_low_power, step_stall, step_revoke_all, step_inspect_all;
/* ops-primary.c */
step_fn step_feature, step_any_export, step_bar_map, step_region, step_call;
step_fn step_hot_reset, step_dma;

#endif
