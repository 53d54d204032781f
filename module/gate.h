/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate that a buffer's faults go through, and that a revoke closes
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A revoke waits for the faults of its own buffer that are inside, for no other
 * buffer's, and for no reset. Who is inside does not sleep (see access.h); and
 * who finds the gate closed does not go in, so nobody can keep it busy.
 */
#ifndef BARLEASE_GATE_H
#define BARLEASE_GATE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/types.h>

#define BARLEASE_GATE_CLOSED ((int)BIT(30))

/**
 * struct barlease_gate - open at first; closed once, and for good
 * @state: how many are inside, and BARLEASE_GATE_CLOSED
 */
struct barlease_gate {
	atomic_t state;
};

static inline bool barlease_gate_closed(const struct barlease_gate *gate)
{
	return atomic_read(&gate->state) & BARLEASE_GATE_CLOSED;
}

/* Nobody is inside, and nobody will be. What they did there is seen. */
static inline bool barlease_gate_shut(const struct barlease_gate *gate)
{
	return atomic_read_acquire(&gate->state) == BARLEASE_GATE_CLOSED;
}

/* Return: whether it was open until now. */
static inline bool barlease_gate_close(struct barlease_gate *gate)
{
	return !(atomic_fetch_or(BARLEASE_GATE_CLOSED, &gate->state) &
		 BARLEASE_GATE_CLOSED);
}

/* Return: whether it was the last one to leave a closed gate, and must tell. */
static inline bool barlease_gate_leave(struct barlease_gate *gate)
{
	return atomic_dec_return(&gate->state) == BARLEASE_GATE_CLOSED;
}

/* Return: whether it is inside now; unless @gate is closed. */
static inline bool barlease_gate_enter(struct barlease_gate *gate)
{
	int state = atomic_read(&gate->state);

	do {
		if (state & BARLEASE_GATE_CLOSED)
			return false;
	} while (!atomic_try_cmpxchg(&gate->state, &state, state + 1));
	return true;
}

#endif /* BARLEASE_GATE_H */
