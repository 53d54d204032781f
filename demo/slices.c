// SPDX-License-Identifier: MIT
/*
 * What the demo's primary leases, and how its processes speak to each other
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "lease.h"
#include "slices.h"

const struct slice slices[NR_SLICES] = {
	{ "doorbell", 1001, KIB(4), KIB(4), O_RDWR, NC, 0xd00b },
	{ "status", 1002, MIB(2), MIB(2), O_RDONLY, NC, 0x57a7 },
	{ "window", 1003, MIB(4), MIB(4), O_RDWR, WC, 0x817d },
};

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
