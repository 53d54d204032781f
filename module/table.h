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
 * barlease_fill_table() - all that one page table has of a mapping
 * @vmf: a fault of order 0, on a mapping of a buffer; where PTEs may be
 *   inserted, see access.h
 *
 * Every PTE of the page table that lies in the VMA, in whichever range of the
 * buffer, with the protection that vm_page_prot says. Those that are there
 * already stay.
 *
 * Return: VM_FAULT_NOPAGE, or an error.
 */
vm_fault_t barlease_fill_table(struct vm_fault *vmf);

#endif /* BARLEASE_TABLE_H */
