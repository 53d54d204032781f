/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scratch pages: what mappings of a buffer show that is over
 *
 * Copyright (C) 2026 The barlease authors
 *
 * For programs that cannot take SIGBUS. A buffer that was exported with
 * BARLEASE_DMA_BUF_ONES has one page of ordinary memory to itself, full of ones:
 * what a device reads as that is gone. All pages of its mappings show that page
 * after the revoke. What is written there is seen by those who have mappings of
 * that buffer, and by nobody else.
 */
#ifndef BARLEASE_SCRATCH_H
#define BARLEASE_SCRATCH_H

#include <linux/mm_types.h>

struct barlease_buffer;

/**
 * barlease_scratch_add() - give a buffer its page
 * @buffer: has not been exported, and has room for one range more than it has;
 *   the page's address is kept there
 *
 * So that the end of a lease needs no memory, and most leases no room for this.
 *
 * Return: 0 or -ENOMEM. The page goes with the buffer.
 */
int barlease_scratch_add(struct barlease_buffer *buffer);
void barlease_scratch_free(struct barlease_buffer *buffer);

/**
 * barlease_scratch_fill() - put it where a fault is
 * @vmf: the fault, for small pages, of a buffer that has retired
 *
 * And everywhere else where the same page table has nothing of the mapping.
 *
 * Return: VM_FAULT_NOPAGE or VM_FAULT_SIGBUS.
 */
vm_fault_t barlease_scratch_fill(struct vm_fault *vmf);

#endif /* BARLEASE_SCRATCH_H */
