/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling page tables with huge pages
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_HUGE_H
#define BARLEASE_HUGE_H

#include <linux/mm_types.h>

#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
/**
 * barlease_huge_possible() - can a PMD entry map what is around a fault?
 * @vmf: the fault
 *
 * It can when that lies in the VMA and in one range, is aligned physically, and
 * has one memory attribute.
 * Where it cannot, no PMD entry maps memory, ever: there may be a page table.
 */
bool barlease_huge_possible(const struct vm_fault *vmf);

/**
 * barlease_fill_huge() - all PMD entries that one PMD table has of a mapping
 * @vmf: the fault, where a huge page is possible and PTEs may be inserted
 *
 * Of up to 1 GiB, that is. Entries that are there already stay, and so do page
 * tables; where no huge page is possible, nothing is put in.
 *
 * Return: VM_FAULT_NOPAGE; or VM_FAULT_FALLBACK where only small pages help.
 */
vm_fault_t barlease_fill_huge(struct vm_fault *vmf);
#else
static inline bool barlease_huge_possible(const struct vm_fault *vmf)
{
	return false;
}

static inline vm_fault_t barlease_fill_huge(struct vm_fault *vmf)
{
	return VM_FAULT_FALLBACK;
}
#endif

#endif /* BARLEASE_HUGE_H */
