// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filling a page table with small pages, all at once
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The PTEs are written here rather than by vmf_insert_pfn(). That would take
 * the page table's lock, and look for the memory type of the address, once a
 * page; and where it finds a type, it replaces the cache bits of vm_page_prot.
 */
#include <linux/mm.h>

#include <asm/pgalloc.h>

#include "buffer.h"
#include "compat.h"
#include "fault.h"
#include "huge.h"
#include "table.h"

/*
 * Where a huge page is possible, another thread may put one in at any moment,
 * and apply_to_page_range() takes that for a bug. So the page table goes in under
 * the lock that huge pages are put in with. The kernel has allocated it before it
 * asked for a small page.
 */
static vm_fault_t install_table(struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	spinlock_t *ptl = pmd_lock(mm, vmf->pmd);
	bool there;

	if (pmd_none(*vmf->pmd) && vmf->prealloc_pte) {
		mm_inc_nr_ptes(mm);
		/* Whoever walks there without a lock finds it empty. */
		smp_wmb();
		pmd_populate(mm, vmf->pmd, vmf->prealloc_pte);
		vmf->prealloc_pte = NULL;
	}
	there = !pmd_none(*vmf->pmd) && !pmd_leaf(*vmf->pmd);
	spin_unlock(ptl);
	return there ? 0 : VM_FAULT_NOPAGE;
}

vm_fault_t barlease_prepare_table(struct vm_fault *vmf)
{
	if (vmf->prealloc_pte || barlease_huge_possible(vmf))
		return install_table(vmf);

	/* Without a function this does nothing but allocate. */
	return apply_to_page_range(vmf->vma->vm_mm, vmf->address & PAGE_MASK,
				   PAGE_SIZE, NULL, NULL) ? VM_FAULT_OOM : 0;
}

/**
 * struct table_fill - how far filling has come
 * @vma: what is filled
 * @ranges: of its buffer
 * @extent: the range that holds @offset, or ends there
 * @offset: in the buffer, of the PTE that is next
 * @pfn: or what all of them show
 * @prot: what the PTEs get
 */
struct table_fill {
	struct vm_area_struct *vma;
	const struct barlease_ranges *ranges;
	struct barlease_extent extent;
	u64 offset;
	unsigned long pfn;
	pgprot_t prot;
};

/* As in huge.c */
static pte_t small_entry(const struct table_fill *fill, unsigned long pfn)
{
	pte_t entry = pte_mkspecial(pfn_pte(pfn, fill->prot));

	entry = pte_mkyoung(entry);
	if (fill->vma->vm_flags & VM_WRITE)
		entry = pte_mkwrite_novma(pte_mkdirty(entry));
	return entry;
}

/*
 * If not, another fault was here first, and put in the same. A marker is a note of
 * userfaultfd's about a page that is not there.
 */
static bool vacant(pte_t *ptep)
{
	pte_t entry = ptep_get(ptep);

	return pte_none(entry) || pte_is_marker(entry);
}

static void put_entry(const struct table_fill *fill, pte_t *ptep,
		      unsigned long address, unsigned long pfn)
{
	set_pte_at(fill->vma->vm_mm, address, ptep, small_entry(fill, pfn));
}

/* Under the page table's lock, so a walk through the ranges and no search. */
static int fill_pte(pte_t *ptep, unsigned long address, void *data)
{
	struct table_fill *fill = data;
	u64 offset = fill->offset;

	if (offset == fill->extent.range_end &&
	    !barlease_ranges_next(fill->ranges, &fill->extent))
		return -EFAULT;

	fill->offset += PAGE_SIZE;
	if (vacant(ptep))
		put_entry(fill, ptep, address,
			  PHYS_PFN(fill->extent.phys_start +
				   (offset - fill->extent.range_start)));
	return 0;
}

static int fill_pte_with(pte_t *ptep, unsigned long address, void *data)
{
	const struct table_fill *fill = data;

	if (vacant(ptep))
		put_entry(fill, ptep, address, fill->pfn);
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
	return ret ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}

vm_fault_t barlease_fill_table_with(struct vm_area_struct *vma,
				    unsigned long start, unsigned long end,
				    unsigned long pfn, pgprot_t prot)
{
	struct table_fill fill = { .vma = vma, .pfn = pfn, .prot = prot };
	int ret;

	ret = apply_to_page_range(vma->vm_mm, start, end - start, fill_pte_with,
				  &fill);
	return ret ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}
