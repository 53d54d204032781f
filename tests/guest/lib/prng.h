/* SPDX-License-Identifier: MIT */
/*
 * Random numbers that a seed brings back (xorshift64*)
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef PRNG_H
#define PRNG_H

#include <stdint.h>

struct prng {
	uint64_t state;
};

static inline struct prng prng_seeded(uint64_t seed)
{
	return (struct prng){ seed * 0x9e3779b97f4a7c15u + 1 };
}

static inline uint32_t prng_next(struct prng *prng)
{
	prng->state ^= prng->state >> 12;
	prng->state ^= prng->state << 25;
	prng->state ^= prng->state >> 27;
	return (prng->state * 0x2545f4914f6cdd1du) >> 32;
}

/* 0 ... limit - 1 */
static inline uint32_t prng_below(struct prng *prng, uint32_t limit)
{
	return ((uint64_t)prng_next(prng) * limit) >> 32;
}

#endif
