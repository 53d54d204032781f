// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping buffers and BARs
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Nothing here takes memory_lock: mmap_lock is held for writing, and would
 * wait for a whole reset. A buffer that is revoked at the same time is caught
 * by the fault.
 */
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "bar.h"
#include "bar-memattr.h"
#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "fault.h"
#include "memattr.h"
#include "mmap.h"
#include "space.h"
#include "stats.h"
#include "trace.h"

/*
 * The flags and the protection are io_remap_pfn_range()'s, and those of
 * vfio-pci-core's own BAR maps: VM_ALLOW_ANY_UNCACHED lets KVM on arm64 give a
 * guest write-combining mappings of a device that VFIO owns.
 */
static void set_up_vma(struct vm_area_struct *vma,
		       struct barlease_buffer *buffer)
{
	u32 memattr = READ_ONCE(buffer->memattr);

	vma->vm_private_data = buffer;
	vma->vm_page_prot =
		pgprot_decrypted(barlease_memattr_pgprot(memattr,
							 vma->vm_page_prot));
	vma->vm_ops = &barlease_vm_ops;
	vm_flags_set(vma, VM_ALLOW_ANY_UNCACHED | VM_IO | VM_PFNMAP |
			  VM_DONTEXPAND | VM_DONTDUMP);
}

static int map_lease(struct barlease_buffer *buffer,
		     struct vm_area_struct *vma)
{
	/* Of a file opened read-only, a shared map has VM_MAYSHARE alone. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	if (barlease_buffer_revoked(buffer))
		return -ENODEV;

	vma->vm_pgoff += buffer->pgoff;
	set_up_vma(vma, buffer);
	return 0;
}

/* Whether it is one: for who counts, and for who traces */
static int note(struct barlease_device *bdev, const struct vm_area_struct *vma,
		int ret)
{
	barlease_count(bdev, ret ? BARLEASE_MAPS_REFUSED : BARLEASE_MAPS);
	if (!ret)
		trace_mmap(vma, vma->vm_private_data);
	return ret;
}

int barlease_dma_buf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct barlease_buffer *buffer = dmabuf->priv;

	return note(buffer->bdev, vma, map_lease(buffer, vma));
}

static u64 bar_offset(const struct vm_area_struct *vma)
{
	return ((u64)vma->vm_pgoff << PAGE_SHIFT) & VFIO_PCI_OFFSET_MASK;
}

static int check_bar_vma(struct barlease_device *bdev, unsigned int bar,
			 struct vm_area_struct *vma)
{
	unsigned long first = bar_offset(vma) >> PAGE_SHIFT;

	if (!(vma->vm_flags & VM_SHARED) ||
	    !barlease_bar_mappable(&bdev->core, bar) ||
	    first + vma_pages(vma) > barlease_space_bar_pages(bdev, bar))
		return -EINVAL;

	return barlease_bar_claimed(&bdev->core, bar);
}

/* The buffer behind one map of a BAR: just what the VMA shows. */
static struct barlease_buffer *
bar_map_buffer(struct barlease_device *bdev, unsigned int bar,
	       const struct vm_area_struct *vma)
{
	u64 bar_start = pci_resource_start(bdev->core.pdev, bar);
	struct barlease_buffer *buffer;

	buffer = barlease_buffer_alloc(bdev, 1);
	if (!buffer)
		return NULL;

	/* Cannot overflow: it is the first range. */
	barlease_ranges_append(&buffer->ranges, bar_start + bar_offset(vma),
			       vma->vm_end - vma->vm_start);
	barlease_ranges_finish(&buffer->ranges);
	buffer->pgoff = vma->vm_pgoff;
	buffer->bar_map = true;
	buffer->vfio_file = vma->vm_file;
	barlease_bar_memattr_apply(buffer, bar);
	return buffer;
}

static struct dma_buf *export_bar_map(struct barlease_device *bdev,
				      unsigned int bar,
				      const struct vm_area_struct *vma)
{
	struct barlease_buffer *buffer;
	struct dma_buf *dmabuf;
	char *name;

	name = kasprintf(GFP_KERNEL_ACCOUNT, "%s:%s/%u",
			 dev_name(&bdev->core.vdev.device),
			 pci_name(bdev->core.pdev), bar);
	if (!name)
		return ERR_PTR(-ENOMEM);

	buffer = bar_map_buffer(bdev, bar, vma);
	if (!buffer) {
		kfree(name);
		return ERR_PTR(-ENOMEM);
	}

	dmabuf = barlease_buffer_export(buffer, O_RDWR);
	if (IS_ERR(dmabuf)) {
		barlease_buffer_free(buffer);
		kfree(name);
		return dmabuf;
	}

	/* Goes with the DMABUF, like a name that userspace has set. */
	spin_lock(&dmabuf->name_lock);
	dmabuf->name = name;
	spin_unlock(&dmabuf->name_lock);
	return dmabuf;
}

/*
 * The VMA's reference on the VFIO file moves to the buffer, and the DMABUF's
 * first reference to the VMA. So the mapping keeps the device open, until the
 * last piece of it is gone.
 */
static int map_bar(struct barlease_device *bdev, unsigned int bar,
		   struct vm_area_struct *vma)
{
	struct dma_buf *dmabuf;
	int ret;

	ret = check_bar_vma(bdev, bar, vma);
	if (ret)
		return ret;

	dmabuf = export_bar_map(bdev, bar, vma);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	vma->vm_file = dmabuf->file;
	set_up_vma(vma, dmabuf->priv);
	return 0;
}

int barlease_device_mmap(struct vfio_device *vfio, struct vm_area_struct *vma)
{
	struct barlease_device *bdev = barlease_from_vfio(vfio);
	unsigned long index;

	index = vma->vm_pgoff >> (VFIO_PCI_OFFSET_SHIFT - PAGE_SHIFT);
	/* Device-specific regions are the core's, and so is their refusal. */
	if (index >= VFIO_PCI_ROM_REGION_INDEX)
		return vfio_pci_core_mmap(vfio, vma);

	return note(bdev, vma, map_bar(bdev, index, vma));
}
