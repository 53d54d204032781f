/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults on mappings of buffers
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_FAULT_H
#define BARLEASE_FAULT_H

#include <linux/mm.h>
#include <linux/pagemap.h>

#include "buffer.h"
#include "stats.h"

/* How to fill mappings of buffers. The attribute is in vm_page_prot. */
extern const struct vm_operations_struct barlease_vm_ops;

/* What of its buffer a mapping shows at an address, in bytes. */
static inline u64 barlease_address_to_offset(struct vm_area_struct *vma,
					     unsigned long address)
{
	const struct barlease_buffer *buffer = vma->vm_private_data;

	return (u64)(linear_page_index(vma, address) - buffer->pgoff)
	       << PAGE_SHIFT;
}

/* Count and trace a fault: what became of it, and the size of its entries */
void barlease_fault_note(const struct vm_fault *vmf, unsigned long size,
			 enum barlease_stat what);

/**
 * barlease_fault_wait() - wait for something without the fault's lock
 * @vmf: a fault that may be retried
 * @wait: waits; @flags are the fault's
 *
 * To wait with mmap_lock held, or the VMA's own lock, would make every mmap() and
 * fault of the process wait as well. So it is let go of, and only the file keeps the
 * buffer, the driver and the device then: the VMA may be gone. FAULT_FLAG_TRIED does
 * not matter: a fault may be retried any number of times, and waits anew each time.
 *
 * Return: VM_FAULT_RETRY.
 */
vm_fault_t barlease_fault_wait(struct vm_fault *vmf,
			       void (*wait)(struct barlease_buffer *buffer,
					    unsigned int flags));

#endif /* BARLEASE_FAULT_H */
