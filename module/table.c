// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling a page table at once
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The PTEs are written here rather than by vmf_insert_pfn(). That would take
 * the page table's lock, and look for the memory type of the address, once a
 * page; and where it finds a type, it replaces the cache bits of vm_page_prot.
 */
#include <linux/mm.h>

#include "buffer.h"
#include "fault.h"
#include "table.h"

/**
 * struct table_fill - how far filling has come
 * @vma: what is filled
 * @ranges: of its buffer
 * @extent: the range that holds @offset, or ends there
 * @offset: in the buffer, of the PTE that is next
 * @prot: what the PTEs get
 */
struct table_fill {
	struct vm_area_struct *vma;
	const struct barlease_ranges *ranges;
	struct barlease_extent extent;
	u64 offset;
	pgprot_t prot;
};

/* Under the page table's lock, so a walk through the ranges and no search. */
static int fill_pte(pte_t *ptep, unsigned long address, void *data)
{
	struct table_fill *fill = data;
	u64 offset = fill->offset;
	unsigned long pfn;

	if (offset == fill->extent.range_end &&
	    !barlease_ranges_next(fill->ranges, &fill->extent))
		return -EFAULT;

	fill->offset += PAGE_SIZE;
	/* Another fault was here first, and put in the same. */
	if (!pte_none(ptep_get(ptep)))
		return 0;

	pfn = PHYS_PFN(fill->extent.phys_start +
		       (offset - fill->extent.range_start));
	set_pte_at(fill->vma->vm_mm, address, ptep,
		   pte_mkspecial(pfn_pte(pfn, fill->prot)));
	return 0;
}

vm_fault_t barlease_fill_table(struct vm_area_struct *vma, unsigned long start,
			       unsigned long end, pgprot_t prot)
{
	const struct barlease_buffer *buffer = vma->vm_private_data;
	struct table_fill fill = {
		.vma = vma,
		.ranges = &buffer->ranges,
		.offset = barlease_address_to_offset(vma, start),
		.prot = prot,
	};
	int ret;

	if (!barlease_ranges_find(fill.ranges, fill.offset, &fill.extent))
		return VM_FAULT_SIGBUS;

	ret = apply_to_page_range(vma->vm_mm, start, end - start, fill_pte,
				  &fill);
	switch (ret) {
	case 0:
		return VM_FAULT_NOPAGE;
	case -ENOMEM:
		return VM_FAULT_OOM;
	default:
		return VM_FAULT_SIGBUS;
	}
}
