/* SPDX-License-Identifier: MIT */
/*
 * The emulator's TLB, as large for one side as for the other
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SETTLE_H
#define SETTLE_H

#include <stddef.h>

/*
 * QEMU's TLB grows and shrinks with its use in the last 100 ms, when the guest
 * flushes it, and is quicker when it is small. To be called before something
 * is timed that follows upon the use of many pages.
 */
void settle(void);
/*
 * As large as the use of all of this memory wants it. A CPU's own TLB has room
 * for as much as a megabyte; this one has to find out that it needs it.
 */
void settle_for(const volatile void *at, size_t size);

/*
 * The same in steps, for memory that only the kernel can touch: each flush that
 * finds the TLB in full use makes it twice as large, so it takes a few.
 */
#define SETTLE_GROWTH	4
void settle_flush(void);

#endif
