// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the page table says of a mapping
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The attribute is taken from the entry itself, and from what the processor
 * makes of its bits, rather than from what this driver asked for.
 */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "fault.h"
#include "mapped-as.h"

#ifdef CONFIG_X86
#include <asm/msr.h>

/* The entry's bits choose a byte of the PAT, which has the memory type. */
static u32 memattr_of(pgprot_t prot, bool huge)
{
	pgprotval_t pat = huge ? _PAGE_PAT_LARGE : _PAGE_PAT;
	unsigned int index = 0;
	u32 half[2];

	if (pgprot_val(prot) & _PAGE_PWT)
		index |= 1;
	if (pgprot_val(prot) & _PAGE_PCD)
		index |= 2;
	if (pgprot_val(prot) & pat)
		index |= 4;
	if (rdmsr_safe(MSR_IA32_CR_PAT, &half[0], &half[1]))
		return BARLEASE_MAPPED_AS_OTHER;

	switch (half[index / 4] >> index % 4 * 8 & 7) {
	case 0:		/* UC */
	case 7:		/* UC- */
		return VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC;
	case 1:
		return VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC;
	default:
		return BARLEASE_MAPPED_AS_OTHER;
	}
}
#elif defined(CONFIG_ARM64)
/* The entry's bits are an index of MAIR_EL1, which Linux sets once. */
static u32 memattr_of(pgprot_t prot, bool huge)
{
	switch (pgprot_val(prot) & PTE_ATTRINDX_MASK) {
	case PTE_ATTRINDX(MT_DEVICE_nGnRnE):
	case PTE_ATTRINDX(MT_DEVICE_nGnRE):
		return VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC;
	case PTE_ATTRINDX(MT_NORMAL_NC):
		return VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC;
	default:
		return BARLEASE_MAPPED_AS_OTHER;
	}
}
#else
static u32 memattr_of(pgprot_t prot, bool huge)
{
	return BARLEASE_MAPPED_AS_OTHER;
}
#endif

/* Under the lock that follow_pfnmap_start() took, so the levels stay */
static unsigned long entry_size(const struct follow_pfnmap_args *args)
{
	unsigned long address = args->address;
	pud_t *pud;

	pud = pud_offset(p4d_offset(pgd_offset(args->vma->vm_mm, address),
				    address), address);
	if (pud_leaf(*pud))
		return PUD_SIZE;
	return pmd_leaf(*pmd_offset(pud, address)) ? PMD_SIZE : PAGE_SIZE;
}

/* The VMA of one of this device's mappings; mmap_lock is held */
static struct vm_area_struct *find_vma_of(struct barlease_device *bdev,
					  unsigned long address)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, address);
	const struct barlease_buffer *buffer;

	if (!vma)
		return ERR_PTR(-EFAULT);
	if (vma->vm_ops != &barlease_vm_ops)
		return ERR_PTR(-ENODEV);

	buffer = vma->vm_private_data;
	return buffer->bdev == bdev ? vma : ERR_PTR(-ENODEV);
}

static int look(struct barlease_device *bdev,
		struct barlease_mapped_as *request)
{
	struct follow_pfnmap_args args = { .address = request->address };

	args.vma = find_vma_of(bdev, args.address);
	if (IS_ERR(args.vma))
		return PTR_ERR(args.vma);

	request->page_size = 0;
	request->memattr = BARLEASE_MAPPED_AS_OTHER;
	if (follow_pfnmap_start(&args))
		return 0;

	request->page_size = entry_size(&args);
	request->memattr = memattr_of(args.pgprot,
				      request->page_size > PAGE_SIZE);
	follow_pfnmap_end(&args);
	return 0;
}

/* An answer that comes when the caller resumes it himself would never come. */
static bool paused(unsigned long address)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, address);

	return barlease_buffer_paused(vma->vm_private_data);
}

/*
 * A fault may let go of mmap_lock, so what is mapped has to be looked for again.
 * One that fails has left nothing to be seen, which is the answer.
 */
static int fill_and_look(struct barlease_device *bdev,
			 struct barlease_mapped_as *request)
{
	bool unlocked = false;
	int ret;

	ret = look(bdev, request);
	if (ret || request->page_size)
		return ret;

	if (paused(request->address))
		return -EAGAIN;

	ret = fixup_user_fault(current->mm, request->address, 0, &unlocked);
	if (ret == -EINTR || ret == -ENOMEM)
		return ret;
	return look(bdev, request);
}

static int answer(struct barlease_device *bdev,
		  struct barlease_mapped_as *request)
{
	int ret;

	if (request->flags & ~BARLEASE_MAPPED_AS_FILL ||
	    request->address != (unsigned long)request->address)
		return -EINVAL;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	ret = request->flags & BARLEASE_MAPPED_AS_FILL ?
		      fill_and_look(bdev, request) :
		      look(bdev, request);
	mmap_read_unlock(current->mm);
	return ret;
}

int barlease_feature_mapped_as(struct barlease_device *bdev, u32 flags,
			       void __user *arg, size_t argsz)
{
	struct barlease_mapped_as request;
	int ret;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET,
				 sizeof(request));
	if (ret != 1)
		return ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;

	ret = answer(bdev, &request);
	if (ret)
		return ret;

	return copy_to_user(arg, &request, sizeof(request)) ? -EFAULT : 0;
}
