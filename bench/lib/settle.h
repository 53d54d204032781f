/* SPDX-License-Identifier: MIT */
/*
 * The emulator's TLB, as small for one side as for the other
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SETTLE_H
#define SETTLE_H

/*
 * QEMU's TLB grows and shrinks with its use in the last 100 ms, when the guest
 * flushes it, and is quicker when it is small. To be called before something
 * is timed that follows upon the use of many pages.
 */
void settle(void);

#endif
