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

#endif /* BARLEASE_FAULT_H */
