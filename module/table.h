/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling a page table with small pages, all at once
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_TABLE_H
#define BARLEASE_TABLE_H

#include <linux/mm.h>

/**
 * barlease_prepare_table() - make sure that there is a page table
 * @vmf: the fault
 *
 * May sleep. A page table stays, once it is there.
 *
 * Return: 0; VM_FAULT_NOPAGE when there is a huge page, or nothing to make a
 * page table of, and the access is to be tried again; VM_FAULT_OOM.
 */
vm_fault_t barlease_prepare_table(struct vm_fault *vmf);

/*
 * What the fault's page table has of the mapping. The rest of it may belong to
 * neighbouring VMAs, whose locks nobody here has.
 */
static inline void barlease_table_part(const struct vm_fault *vmf,
				       unsigned long *start, unsigned long *end)
{
	const struct vm_area_struct *vma = vmf->vma;

	*start = max(vma->vm_start, vmf->address & PMD_MASK);
	*end = pmd_addr_end(vmf->address, vma->vm_end);
}

/**
 * barlease_fill_table() - what one page table has of a mapping, or a part of it
 * @vma: a mapping of a buffer; where PTEs may be inserted, see access.h
 * @start: where in the mapping, as an address
 * @end: where it ends, in the same page table, which is there
 * @prot: the protection that the PTEs get
 *
 * In whichever range of the buffer. PTEs that are there already stay.
 *
 * Return: VM_FAULT_NOPAGE, or an error.
 */
vm_fault_t barlease_fill_table(struct vm_area_struct *vma, unsigned long start,
			       unsigned long end, pgprot_t prot);

/* The same, of one page of memory over and over */
vm_fault_t barlease_fill_table_with(struct vm_area_struct *vma,
				    unsigned long start, unsigned long end,
				    unsigned long pfn, pgprot_t prot);

#endif /* BARLEASE_TABLE_H */
