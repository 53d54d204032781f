// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults on mappings of buffers
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/file.h>
#include <linux/mm.h>

#include "access.h"
#include "bar-memattr.h"
#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "fault.h"
#include "memattr.h"
#include "table.h"

/**
 * struct fault_span - the pages that one fault fills
 * @address: the first, in user space
 * @pages: how many
 * @pfn: of the first
 */
struct fault_span {
	unsigned long address;
	unsigned long pages;
	unsigned long pfn;
};

/*
 * The pages of an order around the fault, if they lie in the VMA and in one
 * range and are aligned physically; else false.
 */
static bool span_of_order(const struct vm_fault *vmf, unsigned int order,
			  struct fault_span *span)
{
	struct vm_area_struct *vma = vmf->vma;
	const struct barlease_buffer *buffer = vma->vm_private_data;
	unsigned long size = PAGE_SIZE << order;
	u64 fault_offset, fault_offset_end, phys_start;
	struct barlease_extent extent;

	span->address = ALIGN_DOWN(vmf->address, size);
	span->pages = 1UL << order;
	if (span->address < vma->vm_start || span->address + size > vma->vm_end)
		return false;

	fault_offset = barlease_address_to_offset(vma, span->address);
	fault_offset_end = fault_offset + size;
	if (!barlease_ranges_find(&buffer->ranges, fault_offset, &extent) ||
	    fault_offset_end > extent.range_end)
		return false;

	phys_start = extent.phys_start + (fault_offset - extent.range_start);
	span->pfn = phys_start >> PAGE_SHIFT;
	return IS_ALIGNED(phys_start, size);
}

/*
 * Enter the section in which PTEs may be inserted.
 *
 * Waiting there with mmap_lock held would make every mmap() and fault of the
 * process wait for the reset of a device. So where the fault may be retried,
 * it lets go of the lock that it came with (mmap_lock or the VMA's own) and
 * waits without. Only the file keeps the driver and the device alive then: the
 * VMA may be gone. FAULT_FLAG_TRIED does not matter: a fault may be retried
 * any number of times, and waits anew each time.
 *
 * A few kernel-internal callers (fixup_user_fault() without @unlocked) allow
 * no retry. Those wait with mmap_lock held: slow at worst, but no deadlock, as
 * nobody takes mmap_lock, nor touches user memory, with memory_lock held or
 * between reset_prepare() and reset_done().
 */
static vm_fault_t begin_fault(struct vm_fault *vmf, int *token)
{
	struct barlease_buffer *buffer = vmf->vma->vm_private_data;
	struct barlease_device *bdev = buffer->bdev;
	struct file *file;

	if (likely(barlease_access_trybegin(bdev, token)))
		return 0;

	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY)) {
		barlease_access_begin(bdev, token);
		return 0;
	}

	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;

	file = get_file(vmf->vma->vm_file);
	release_fault_lock(vmf);
	barlease_access_wait_killable(bdev);
	fput(file);
	return VM_FAULT_RETRY;
}

/* A revoked buffer may have no PCI device any more: nobody looks for it then. */
static vm_fault_t fill_unless_revoked(struct vm_fault *vmf,
				      const struct fault_span *span,
				      vm_fault_t (*insert)(struct vm_fault *vmf,
							   const struct fault_span *span))
{
	struct barlease_buffer *buffer = vmf->vma->vm_private_data;
	struct barlease_device *bdev = buffer->bdev;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (!barlease_gate_enter(&buffer->gate))
		return VM_FAULT_SIGBUS;

	if (barlease_access_possible(bdev))
		ret = insert(vmf, span);
	if (barlease_gate_leave(&buffer->gate))
		wake_up_all(&bdev->revoke_wait);
	return ret;
}

static vm_fault_t fault(struct vm_fault *vmf, const struct fault_span *span,
			vm_fault_t (*insert)(struct vm_fault *vmf,
					     const struct fault_span *span))
{
	struct barlease_buffer *buffer = vmf->vma->vm_private_data;
	vm_fault_t ret;
	int token;

	/* That is no reason to wait for a reset. */
	if (barlease_buffer_revoked(buffer))
		return VM_FAULT_SIGBUS;

	ret = begin_fault(vmf, &token);
	if (ret)
		return ret;

	ret = fill_unless_revoked(vmf, span, insert);
	barlease_access_end(buffer->bdev, token);
	return ret;
}

/*
 * What one page table has of the VMA. The rest of it may belong to neighbouring
 * VMAs, whose locks nobody here has.
 */
static void table_bounds(const struct vm_fault *vmf, unsigned long *start,
			 unsigned long *end)
{
	*start = max(vmf->vma->vm_start, vmf->address & PMD_MASK);
	*end = pmd_addr_end(vmf->address, vmf->vma->vm_end);
}

static vm_fault_t fill_table(struct vm_fault *vmf,
			     const struct fault_span *span)
{
	unsigned long start, end;

	table_bounds(vmf, &start, &end);
	return barlease_fill_table(vmf->vma, start, end,
				   vmf->vma->vm_page_prot);
}

static const struct vm_operations_struct vm_ops;

/*
 * Where a huge page would fit, and small ones are filled in only because the
 * process wants none just now, another thread may still put one in at this
 * moment. vmf_insert_pfn() copes with that. After it there is a page table, and
 * that stays.
 */
static bool huge_page_possible(const struct vm_fault *vmf)
{
	struct fault_span span;

	return vmf->vma->vm_ops == &vm_ops &&
	       span_of_order(vmf, PMD_ORDER, &span);
}

static vm_fault_t insert_table(struct vm_fault *vmf,
			       const struct fault_span *span)
{
	vm_fault_t ret;

	if (huge_page_possible(vmf)) {
		ret = vmf_insert_pfn(vmf->vma, span->address, span->pfn);
		if (ret != VM_FAULT_NOPAGE)
			return ret;
	}

	return fill_table(vmf, span);
}

static vm_fault_t page_fault(struct vm_fault *vmf)
{
	struct fault_span span;

	if (!span_of_order(vmf, 0, &span))
		return VM_FAULT_SIGBUS;

	return fault(vmf, &span, insert_table);
}

#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
static vm_fault_t insert_pmd(struct vm_fault *vmf,
			     const struct fault_span *span)
{
	return vmf_insert_pfn_pmd(vmf, span->pfn,
				  vmf->flags & FAULT_FLAG_WRITE);
}
#endif

#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
static vm_fault_t insert_pud(struct vm_fault *vmf,
			     const struct fault_span *span)
{
	return vmf_insert_pfn_pud(vmf, span->pfn,
				  vmf->flags & FAULT_FLAG_WRITE);
}
#endif

/*
 * Nothing but small pages fits. The kernel would come again for those, and in
 * between let go of the VMA's lock and take mmap_lock. No need: they can be
 * filled in right here.
 */
static vm_fault_t small_pages_instead(struct vm_fault *vmf, unsigned int order)
{
	if (order == PMD_ORDER)
		return fault(vmf, NULL, fill_table);
	return VM_FAULT_FALLBACK;
}

static vm_fault_t huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct fault_span span;

	if (!span_of_order(vmf, order, &span))
		return small_pages_instead(vmf, order);

	switch (order) {
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	case PMD_ORDER:
		return fault(vmf, &span, insert_pmd);
#endif
#ifdef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
	case PUD_ORDER:
		return fault(vmf, &span, insert_pud);
#endif
	default:
		return VM_FAULT_FALLBACK;
	}
}

static const struct vm_operations_struct vm_ops = {
	.fault		= page_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault	= huge_fault,
#endif
};

/* For protections that vmf_insert_pfn_pmd() and _pud() would not leave alone */
static const struct vm_operations_struct small_pages_vm_ops = {
	.fault		= page_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault	= small_pages_instead,
#endif
};

/* A map's parts each with the protection that is theirs */
static vm_fault_t fill_parts(struct vm_fault *vmf,
			     const struct fault_span *span)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long address, next, end;
	u64 offset, part_end;
	vm_fault_t ret;
	pgprot_t prot;
	u32 memattr;

	table_bounds(vmf, &address, &end);
	for (; address < end; address = next) {
		offset = barlease_address_to_offset(vma, address);
		memattr = barlease_bar_parts_find(vma->vm_private_data, offset,
						  &part_end);
		next = address + min_t(u64, end - address, part_end - offset);

		prot = barlease_memattr_pgprot(memattr, vma->vm_page_prot);
		ret = barlease_fill_table(vma, address, next, prot);
		if (ret != VM_FAULT_NOPAGE)
			return ret;
	}
	return VM_FAULT_NOPAGE;
}

static vm_fault_t part_fault(struct vm_fault *vmf)
{
	return fault(vmf, NULL, fill_parts);
}

#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
static vm_fault_t parts_instead(struct vm_fault *vmf, unsigned int order)
{
	if (order == PMD_ORDER)
		return part_fault(vmf);
	return VM_FAULT_FALLBACK;
}
#endif

/* For BAR maps whose parts differ: their protection is not the VMA's. */
static const struct vm_operations_struct part_vm_ops = {
	.fault		= part_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault	= parts_instead,
#endif
};

const struct vm_operations_struct *barlease_vm_ops(u32 memattr)
{
	if (memattr == BARLEASE_MEMATTR_PARTS)
		return &part_vm_ops;
	if (BARLEASE_INSERT_PFN_KEEPS_CACHE_BITS ||
	    memattr == VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC)
		return &vm_ops;
	return &small_pages_vm_ops;
}
