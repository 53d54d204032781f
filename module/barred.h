/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults that find their buffer's gate barred
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_BARRED_H
#define BARLEASE_BARRED_H

#include <linux/mm_types.h>

struct barlease_buffer;

/**
 * barlease_barred_fault() - what becomes of a fault on such a buffer
 * @vmf: the fault
 * @size: of the entries that it asks for
 *
 * Return: VM_FAULT_SIGBUS once the buffer is revoked, unless it has a scratch
 * page, which is filled in then: VM_FAULT_NOPAGE, or VM_FAULT_FALLBACK for the
 * kernel to come again for small pages. VM_FAULT_RETRY when it was worth waiting;
 * the fault's lock is let go then.
 */
vm_fault_t barlease_barred_fault(struct vm_fault *vmf, unsigned long size);

/* Faults that wait look again: it is paused no more, or has retired. */
void barlease_barred_wake(struct barlease_buffer *buffer);

#endif /* BARLEASE_BARRED_H */
