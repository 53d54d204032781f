/* SPDX-License-Identifier: MIT */
/*
 * What the demo's primary leases, and how its processes speak to each other
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef DEMO_SLICES_H
#define DEMO_SLICES_H

#include <stdint.h>
#include <sys/types.h>

#define DEMO_SOCKET "/tmp/demo-leases"

/**
 * struct slice - a part of BAR2 for one worker
 * @name: of the slice, and of its DMABUF
 * @worker: who gets it; the primary looks at the peer's uid
 * @offset: in the BAR, in bytes
 * @size: in bytes
 * @open_flags: O_RDWR, or O_RDONLY
 * @memattr: VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_*
 * @tag: every 32-bit word of the slice has it in its upper half
 */
struct slice {
	const char *name;
	uid_t worker;
	uint64_t offset;
	uint64_t size;
	uint32_t open_flags;
	uint32_t memattr;
	uint32_t tag;
};

#define NR_SLICES 3
extern const struct slice slices[NR_SLICES];

/* The word at this place in the slice, as the primary has filled it */
uint32_t slice_word(const struct slice *slice, uint64_t offset);

/* What a worker is sent together with the DMABUF's fd */
struct grant {
	uint32_t slice;
};

/* CLOCK_MONOTONIC: one clock for all processes */
uint64_t now_ns(void);

/*
 * Commands are read from standard input, a line each; an answer is any number
 * of lines, and a last one with a single dot.
 */
void answer_done(void);

#endif
