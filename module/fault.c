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
#include "barred.h"
#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "fault.h"
#include "huge.h"
#include "memattr.h"
#include "stats.h"
#include "table.h"
#include "trace.h"

vm_fault_t barlease_fault_wait(struct vm_fault *vmf,
			       void (*wait)(struct barlease_buffer *buffer,
					    unsigned int flags))
{
	struct barlease_buffer *buffer = vmf->vma->vm_private_data;
	struct file *file;

	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;

	file = get_file(vmf->vma->vm_file);
	release_fault_lock(vmf);
	wait(buffer, vmf->flags);
	fput(file);
	return VM_FAULT_RETRY;
}

static void wait_for_access(struct barlease_buffer *buffer, unsigned int flags)
{
	barlease_access_wait_killable(buffer->bdev);
}

/*
 * Enter the section in which page tables are filled.
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

	if (likely(barlease_access_trybegin(bdev, token)))
		return 0;

	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY)) {
		barlease_access_begin(bdev, token);
		return 0;
	}
	return barlease_fault_wait(vmf, wait_for_access);
}

/*
 * A revoked buffer may have no PCI device any more: nobody looks for it then.
 * Return: whether @ret is the answer; else the gate is barred.
 */
static bool fill_in_gate(struct vm_fault *vmf,
			 vm_fault_t (*fill)(struct vm_fault *vmf),
			 vm_fault_t *ret)
{
	struct barlease_buffer *buffer = vmf->vma->vm_private_data;
	struct barlease_device *bdev = buffer->bdev;

	if (!barlease_gate_enter(&buffer->gate))
		return false;

	*ret = barlease_access_possible(bdev) ? fill(vmf) : VM_FAULT_SIGBUS;
	if (barlease_gate_leave(&buffer->gate))
		wake_up_all(&bdev->revoke_wait);
	return true;
}

void barlease_fault_note(const struct vm_fault *vmf, unsigned long size,
			 enum barlease_stat what)
{
	const struct barlease_buffer *buffer = vmf->vma->vm_private_data;

	barlease_count(buffer->bdev, what);
	trace_fault(vmf, size, what == BARLEASE_FAULTS_REFUSED);
}

/* Before the VMA's lock is let go */
static vm_fault_t note(const struct vm_fault *vmf, unsigned long size,
		       vm_fault_t ret)
{
	if (ret == VM_FAULT_NOPAGE)
		barlease_fault_note(vmf, size, size == PAGE_SIZE ?
						       BARLEASE_FAULTS_SMALL :
						       BARLEASE_FAULTS_HUGE);
	else if (ret == VM_FAULT_SIGBUS)
		barlease_fault_note(vmf, size, BARLEASE_FAULTS_REFUSED);
	return ret;
}

/* @size: of the entries that @fill makes */
static vm_fault_t fault(struct vm_fault *vmf,
			vm_fault_t (*fill)(struct vm_fault *vmf),
			unsigned long size)
{
	struct barlease_buffer *buffer = vmf->vma->vm_private_data;
	vm_fault_t ret;
	int token;
	bool done;

	/* That is no reason to wait for a reset. */
	if (barlease_gate_barred(&buffer->gate))
		return barlease_barred_fault(vmf, size);

	ret = begin_fault(vmf, &token);
	if (ret)
		return ret;

	done = fill_in_gate(vmf, fill, &ret);
	barlease_access_end(buffer->bdev, token);
	return done ? note(vmf, size, ret) : barlease_barred_fault(vmf, size);
}

/* The parts of what a BAR map shows, each with the protection that is its own */
static vm_fault_t fill_parts(struct vm_area_struct *vma, unsigned long address,
			     unsigned long end)
{
	unsigned long next;
	u64 offset, part_end;
	vm_fault_t ret;
	pgprot_t prot;
	u32 memattr;

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

/* What one page table has of the VMA */
static vm_fault_t fill_small(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	const struct barlease_buffer *buffer = vma->vm_private_data;
	unsigned long start, end;

	barlease_table_part(vmf, &start, &end);
	if (barlease_buffer_has_parts(buffer))
		return fill_parts(vma, start, end);
	return barlease_fill_table(vma, start, end, vma->vm_page_prot);
}

/* Memory for the page table is found first: that may take its time. */
static vm_fault_t small_fault(struct vm_fault *vmf)
{
	vm_fault_t ret = barlease_prepare_table(vmf);

	return ret ? ret : fault(vmf, fill_small, PAGE_SIZE);
}

#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
/*
 * Where nothing but small pages fits, the kernel would come again for those, and
 * in between let go of the VMA's lock and take mmap_lock. No need: they can be
 * filled in right here.
 */
static vm_fault_t huge_fault(struct vm_fault *vmf, unsigned int order)
{
	if (order != PMD_ORDER)
		return VM_FAULT_FALLBACK;
	if (barlease_huge_possible(vmf))
		return fault(vmf, barlease_fill_huge, PMD_SIZE);
	return small_fault(vmf);
}
#endif

/*
 * The kernel gives entries that are there the attribute of vm_page_prot on some
 * architectures, and where parts differ, or a scratch page is mapped, that is none
 * of theirs. Without entries each fault makes its own.
 */
static int mprotect(struct vm_area_struct *vma, unsigned long start,
		    unsigned long end, unsigned long new_flags)
{
	const struct barlease_buffer *buffer = vma->vm_private_data;

	if (barlease_buffer_has_parts(buffer) || buffer->scratch) {
		vma_start_write(vma);
		zap_special_vma_range(vma, start, end - start);
	}
	return 0;
}

const struct vm_operations_struct barlease_vm_ops = {
	.fault		= small_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault	= huge_fault,
#endif
	.mprotect	= mprotect,
};
