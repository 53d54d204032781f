/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling a page table at once
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_TABLE_H
#define BARLEASE_TABLE_H

#include <linux/mm_types.h>

/**
 * barlease_fill_table() - what one page table has of a mapping, or a part of it
 * @vma: a mapping of a buffer; where PTEs may be inserted, see access.h
 * @start: where in the mapping, as an address
 * @end: where it ends, in the same page table
 * @prot: the protection that the PTEs get
 *
 * In whichever range of the buffer. PTEs that are there already stay.
 *
 * Return: VM_FAULT_NOPAGE, or an error.
 */
vm_fault_t barlease_fill_table(struct vm_area_struct *vma, unsigned long start,
			       unsigned long end, pgprot_t prot);

#endif /* BARLEASE_TABLE_H */
