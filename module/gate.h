/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate that a buffer's faults go through, that a pause bars, and that a
 * revoke closes
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Either waits for the faults of its own buffer that are inside, for no other
 * buffer's, and for no reset. Who is inside does not sleep for long (see access.h
 * and pause.c); and who finds the gate barred does not go in, so nobody can keep
 * it busy.
 */
#ifndef BARLEASE_GATE_H
#define BARLEASE_GATE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/types.h>

#define BARLEASE_GATE_CLOSED ((int)BIT(30))
#define BARLEASE_GATE_PAUSED ((int)BIT(29))
#define BARLEASE_GATE_BARRED (BARLEASE_GATE_CLOSED | BARLEASE_GATE_PAUSED)

/**
 * struct barlease_gate - open at first; closed once, and for good
 * @state: how many are inside, and BARLEASE_GATE_CLOSED, _PAUSED
 */
struct barlease_gate {
	atomic_t state;
};

static inline bool barlease_gate_closed(const struct barlease_gate *gate)
{
	return atomic_read(&gate->state) & BARLEASE_GATE_CLOSED;
}

/* Also where it is closed */
static inline bool barlease_gate_paused(const struct barlease_gate *gate)
{
	return atomic_read(&gate->state) & BARLEASE_GATE_PAUSED;
}

static inline bool barlease_gate_barred(const struct barlease_gate *gate)
{
	return atomic_read(&gate->state) & BARLEASE_GATE_BARRED;
}

/* Nobody is inside, nor will be while it is barred. What they did is seen. */
static inline bool barlease_gate_empty(const struct barlease_gate *gate)
{
	return !(atomic_read_acquire(&gate->state) & ~BARLEASE_GATE_BARRED);
}

/* Return: whether it was open until now. */
static inline bool barlease_gate_close(struct barlease_gate *gate)
{
	return !(atomic_fetch_or(BARLEASE_GATE_CLOSED, &gate->state) &
		 BARLEASE_GATE_CLOSED);
}

/* Who looks at something else after that has paused it before. */
static inline void barlease_gate_pause(struct barlease_gate *gate)
{
	atomic_fetch_or(BARLEASE_GATE_PAUSED, &gate->state);
}

static inline void barlease_gate_resume(struct barlease_gate *gate)
{
	atomic_andnot(BARLEASE_GATE_PAUSED, &gate->state);
}

/* Return: whether it was the last one to leave a barred gate, and must tell. */
static inline bool barlease_gate_leave(struct barlease_gate *gate)
{
	int state = atomic_dec_return(&gate->state);

	return state & BARLEASE_GATE_BARRED && !(state & ~BARLEASE_GATE_BARRED);
}

static inline bool barlease_gate_enter_unless(struct barlease_gate *gate, int bar)
{
	int state = atomic_read(&gate->state);

	do {
		if (state & bar)
			return false;
	} while (!atomic_try_cmpxchg(&gate->state, &state, state + 1));
	return true;
}

/* Return: whether it is inside now; unless @gate is barred. */
static inline bool barlease_gate_enter(struct barlease_gate *gate)
{
	return barlease_gate_enter_unless(gate, BARLEASE_GATE_BARRED);
}

/* The same, also where it is paused: for who pauses */
static inline bool barlease_gate_enter_paused(struct barlease_gate *gate)
{
	return barlease_gate_enter_unless(gate, BARLEASE_GATE_CLOSED);
}

#endif /* BARLEASE_GATE_H */
