// SPDX-License-Identifier: MIT
/*
 * What the demo's broker vends, and how its processes speak to each other
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "slices.h"

const struct slice slices[NR_SLICES] = {
	{ "doorbell", 1001, KIB(4), KIB(4), false, 0xd00b },
	{ "status", 1002, MIB(2), MIB(2), true, 0x57a7 },
	{ "window", 1003, MIB(4), MIB(4), false, 0x817d },
};

const struct slice *slice_named(const char *name)
{
	int i;

	for (i = 0; i < NR_SLICES; i++)
		if (!strcmp(slices[i].name, name))
			return &slices[i];
	return NULL;
}

uint32_t slice_word(const struct slice *slice, uint64_t offset)
{
	return slice->tag << 16 | ((offset >> 2) & 0xffff);
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

void answer_done(void)
{
	puts(".");
	fflush(stdout);
}
