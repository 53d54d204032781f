// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling page tables with huge pages
 *
 * Copyright (C) 2026 The barlease authors
 *
 * There are none of 1 GiB: mm_find_pmd() and mremap() of all kernels so far do
 * not know that a PUD entry can map memory, and a munmap() of a part of such a
 * page makes them take the device for a page table (docs/upstream.md). A fault
 * that fills a whole PMD table costs no more.
 *
 * The entries are written here rather than by vmf_insert_pfn_pmd(). That would
 * put in one of them, replace the cache bits of vm_page_prot where it finds a
 * memory type for the address, and take a page table that has come in between
 * for a bug.
 */
#include <linux/mm.h>

#include "buffer.h"
#include "compat.h"
#include "fault.h"
#include "huge.h"
#include "numa.h"

/* Where the huge page would lie of which @address is the first byte. */
static bool huge_page_at(struct vm_area_struct *vma, unsigned long address,
			 unsigned long *pfn)
{
	const struct barlease_buffer *buffer = vma->vm_private_data;
	u64 fault_offset, fault_offset_end, phys_start;
	struct barlease_extent extent;

	if (barlease_buffer_has_parts(buffer) || address < vma->vm_start ||
	    vma->vm_end - address < PMD_SIZE)
		return false;

	fault_offset = barlease_address_to_offset(vma, address);
	fault_offset_end = fault_offset + PMD_SIZE;
	if (!barlease_ranges_find(&buffer->ranges, fault_offset, &extent) ||
	    fault_offset_end > extent.range_end)
		return false;

	phys_start = extent.phys_start + (fault_offset - extent.range_start);
	*pfn = phys_start >> PAGE_SHIFT;
	return IS_ALIGNED(phys_start, PMD_SIZE);
}

bool barlease_huge_possible(const struct vm_fault *vmf)
{
	unsigned long pfn;

	return !arch_needs_pgtable_deposit() && barlease_numa_harmless() &&
	       huge_page_at(vmf->vma, vmf->address & PMD_MASK, &pfn);
}

/*
 * As it will be used: young, and dirty where it can be written. So no CPU has to
 * note either in an entry that nobody reads.
 */
static pmd_t huge_entry(const struct vm_area_struct *vma, unsigned long pfn)
{
	pmd_t entry = pmd_mkhuge(pfn_pmd(pfn, vma->vm_page_prot));

	entry = pmd_mkyoung(pmd_mkspecial(entry));
	if (vma->vm_flags & VM_WRITE)
		entry = pmd_mkwrite_novma(pmd_mkdirty(entry));
	return entry;
}

static void fill_entries(struct vm_fault *vmf, unsigned long address,
			 unsigned long end)
{
	struct vm_area_struct *vma = vmf->vma;
	pmd_t *pmd = vmf->pmd + pmd_index(address) - pmd_index(vmf->address);
	unsigned long pfn;

	for (; address < end; address += PMD_SIZE, pmd++) {
		if (!pmd_none(*pmd) || !huge_page_at(vma, address, &pfn))
			continue;
		set_pmd_at(vma->vm_mm, address, pmd, huge_entry(vma, pfn));
		update_mmu_cache_pmd(vma, address, pmd);
	}
}

/*
 * After the entries are filled, what is at the fault's own place? It may be what
 * another fault, or a change of protection, has left there.
 */
static vm_fault_t result(const struct vm_fault *vmf)
{
	pmd_t pmd = *vmf->pmd;

	if (!pmd_leaf(pmd))
		return VM_FAULT_FALLBACK;
	if (vmf->flags & FAULT_FLAG_WRITE && !pmd_write(pmd))
		return VM_FAULT_FALLBACK;
	return VM_FAULT_NOPAGE;
}

vm_fault_t barlease_fill_huge(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	spinlock_t *ptl = pmd_lock(vma->vm_mm, vmf->pmd);
	unsigned long start, end;
	vm_fault_t ret;

	/* The rest of the PMD table may be of VMAs whose locks nobody here has. */
	start = max(ALIGN(vma->vm_start, PMD_SIZE), vmf->address & PUD_MASK);
	end = pud_addr_end(vmf->address, vma->vm_end) & PMD_MASK;

	fill_entries(vmf, start, end);
	ret = result(vmf);
	spin_unlock(ptl);
	return ret;
}
