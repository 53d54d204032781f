// SPDX-License-Identifier: GPL-2.0-only
/*
 * barlease-ptwalk: shows tests what no system call shows
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The page table entries behind a mapping of device memory, how an exporter of
 * DMABUFs answers a driver that wants to attach, and what goes on while a device
 * is being reset.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "hold.h"
#include "ptwalk.h"

#ifdef CONFIG_X86
#include <asm/msr.h>

static u32 attribute(pgprot_t prot, bool huge)
{
	pgprotval_t pat = huge ? _PAGE_PAT_LARGE : _PAGE_PAT;
	unsigned int index = 0;
	u32 low, high;

	if (pgprot_val(prot) & _PAGE_PWT)
		index |= 1;
	if (pgprot_val(prot) & _PAGE_PCD)
		index |= 2;
	if (pgprot_val(prot) & pat)
		index |= 4;
	rdmsr(MSR_IA32_CR_PAT, low, high);
	return (index < 4 ? low >> index * 8 : high >> (index - 4) * 8) & 0xff;
}
#elif defined(CONFIG_ARM64)
#include <asm/sysreg.h>

static u32 attribute(pgprot_t prot, bool huge)
{
	unsigned int index = FIELD_GET(PTE_ATTRINDX_MASK, pgprot_val(prot));

	return read_sysreg(mair_el1) >> index * 8 & 0xff;
}
#endif

/* MODULE_IMPORT_NS(), in the one form that every kernel takes */
MODULE_INFO(import_ns, "DMA_BUF");

/* Its name on older kernels; Kbuild has looked */
#ifdef BARLEASE_HAVE_MOVE_NOTIFY
#define invalidate_mappings move_notify
#endif

/* Under the lock that follow_pfnmap_start() took, so the levels stay */
static unsigned long entry_size(const struct follow_pfnmap_args *args)
{
	unsigned long address = args->address;
	p4d_t *p4d;

	if (args->ptep)
		return PAGE_SIZE;

	p4d = p4d_offset(pgd_offset(args->vma->vm_mm, address), address);
	if (pud_leaf(*pud_offset(p4d, address)))
		return PUD_SIZE;
	return PMD_SIZE;
}

static void describe(struct barlease_ptwalk *walk,
		     const struct follow_pfnmap_args *args)
{
	walk->pfn = args->pfn;
	walk->pgprot = pgprot_val(args->pgprot);
	walk->page_size = entry_size(args);
	walk->attribute = attribute(args->pgprot, walk->page_size > PAGE_SIZE);
	walk->flags = BARLEASE_PTWALK_PRESENT;
	if (args->writable)
		walk->flags |= BARLEASE_PTWALK_WRITABLE;
	if (args->special)
		walk->flags |= BARLEASE_PTWALK_SPECIAL;
}

/*
 * mmap_lock keeps the tables above the last, but not their entries: one that is
 * made meanwhile is no hole any more, and counts as one of a page.
 */
static unsigned long hole_size(struct mm_struct *mm, unsigned long address)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(*pgd))
		return PGDIR_SIZE;
	p4d = p4d_offset(pgd, address);
	if (p4d_none(*p4d))
		return P4D_SIZE;
	pud = pud_offset(p4d, address);
	if (pud_none(*pud))
		return PUD_SIZE;
	if (pud_leaf(*pud) || !pmd_none(*pmd_offset(pud, address)))
		return PAGE_SIZE;
	return PMD_SIZE;
}

static int walk_locked(struct barlease_ptwalk *walk)
{
	struct follow_pfnmap_args args = { .address = walk->address };

	args.vma = vma_lookup(current->mm, args.address);
	if (!args.vma)
		return -EFAULT;
	if (!(args.vma->vm_flags & (VM_IO | VM_PFNMAP)))
		return -EINVAL;

	if (follow_pfnmap_start(&args)) {
		walk->page_size = hole_size(current->mm, args.address);
		return 0;
	}
	describe(walk, &args);
	follow_pfnmap_end(&args);
	return 0;
}

static long ioctl_walk(void __user *arg)
{
	struct barlease_ptwalk walk = {};
	int ret;

	if (get_user(walk.address, (u64 __user *)arg))
		return -EFAULT;

	mmap_read_lock(current->mm);
	ret = walk_locked(&walk);
	mmap_read_unlock(current->mm);
	if (ret)
		return ret;

	return copy_to_user(arg, &walk, sizeof(walk)) ? -EFAULT : 0;
}

static void invalidate(struct dma_buf_attachment *attachment)
{
}

static const struct dma_buf_attach_ops importer_ops[] = {
	[BARLEASE_IMPORTER_DYNAMIC] = {
		.invalidate_mappings = invalidate,
	},
	[BARLEASE_IMPORTER_PEER2PEER] = {
		.allow_peer2peer = true,
		.invalidate_mappings = invalidate,
	},
};

static int attach(struct dma_buf *dmabuf, struct device *dev, u32 kind)
{
	struct dma_buf_attachment *attachment;

	if (kind == BARLEASE_IMPORTER_STATIC)
		attachment = dma_buf_attach(dmabuf, dev);
	else
		attachment = dma_buf_dynamic_attach(dmabuf, dev,
						    &importer_ops[kind], NULL);
	if (IS_ERR(attachment))
		return PTR_ERR(attachment);

	dma_buf_detach(dmabuf, attachment);
	return 0;
}

static long ioctl_import(struct device *dev, void __user *arg)
{
	struct barlease_import import;
	struct dma_buf *dmabuf;
	int ret;

	if (copy_from_user(&import, arg, sizeof(import)))
		return -EFAULT;
	if (import.kind >= ARRAY_SIZE(importer_ops))
		return -ENOTTY;

	dmabuf = dma_buf_get(import.dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	ret = attach(dmabuf, dev, import.kind);
	dma_buf_put(dmabuf);
	return ret;
}

static long ptwalk_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	/* misc_open() leaves the device there */
	struct miscdevice *misc = file->private_data;

	switch (cmd) {
	case BARLEASE_PTWALK:
		return ioctl_walk((void __user *)arg);
	case BARLEASE_IMPORT:
		return ioctl_import(misc->this_device, (void __user *)arg);
	case BARLEASE_HOLD:
		return barlease_hold((void __user *)arg);
	case BARLEASE_HELD:
		return barlease_held();
	case BARLEASE_RELEASE:
		return barlease_release();
	default:
		return -ENOTTY;
	}
}

static const struct file_operations ptwalk_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = ptwalk_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice ptwalk_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "barlease-ptwalk",
	.fops = &ptwalk_fops,
	.mode = 0600,
};
module_misc_device(ptwalk_misc);

MODULE_AUTHOR("The barlease authors");
MODULE_DESCRIPTION("Page tables, DMABUF attachments and locks, for the tests of barlease");
MODULE_LICENSE("GPL");
