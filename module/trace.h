/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, in /sys/kernel/tracing/events/barlease
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A lease is known by its DMABUF's inode, which /proc/PID/maps has, fdinfo of its
 * descriptors ("ino:"), and debugfs (dma_buf/bufinfo). A device is vfioN here: it
 * has that name for as long as anybody has a lease, also when no PCI device is
 * behind it any more. To an export the PCI device is there, and is named as well.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM barlease

#if !defined(BARLEASE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define BARLEASE_TRACE_H

#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/tracepoint.h>

#include "buffer.h"
#include "compat.h"
#include "device.h"

#define barlease_show_memattr(memattr)					\
	__print_symbolic(memattr,					\
			 { VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC, "nc" },	\
			 { VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC, "wc" },	\
			 { BARLEASE_MEMATTR_PARTS, "parts" })

/* A lease is there; its descriptor is not, yet. */
TRACE_EVENT(export,
	TP_PROTO(const struct barlease_buffer *buffer, unsigned int bar,
		 bool writable),

	TP_ARGS(buffer, bar, writable),

	TP_STRUCT__entry(
		__string(dev, dev_name(&buffer->bdev->core.vdev.device))
		__string(pci, pci_name(buffer->bdev->core.pdev))
		__field(unsigned long, ino)
		__field(u64, size)
		__field(u32, nr_ranges)
		__field(unsigned int, bar)
		__field(bool, writable)
	),

	TP_fast_assign(
		__assign_str(dev);
		__assign_str(pci);
		__entry->ino = buffer->ino;
		__entry->size = buffer->ranges.size;
		__entry->nr_ranges = buffer->ranges.nr;
		__entry->bar = bar;
		__entry->writable = writable;
	),

	TP_printk("%s %s ino=%lu bar=%u size=0x%llx ranges=%u %s",
		  __get_str(dev), __get_str(pci), __entry->ino, __entry->bar,
		  __entry->size, __entry->nr_ranges,
		  __entry->writable ? "rw" : "ro")
);

/* A lease, or a part of a BAR by the device's own file, is mapped. */
TRACE_EVENT(mmap,
	TP_PROTO(const struct vm_area_struct *vma,
		 const struct barlease_buffer *buffer),

	TP_ARGS(vma, buffer),

	TP_STRUCT__entry(
		__string(dev, dev_name(&buffer->bdev->core.vdev.device))
		__field(unsigned long, ino)
		__field(unsigned long, address)
		__field(u64, offset)
		__field(unsigned long, size)
		__field(u32, memattr)
		__field(bool, writable)
	),

	TP_fast_assign(
		__assign_str(dev);
		__entry->ino = file_inode(vma->vm_file)->i_ino;
		__entry->address = vma->vm_start;
		__entry->offset = (u64)(vma->vm_pgoff - buffer->pgoff) <<
				  PAGE_SHIFT;
		__entry->size = vma->vm_end - vma->vm_start;
		__entry->memattr = buffer->memattr;
		__entry->writable = vma->vm_flags & VM_WRITE;
	),

	TP_printk("%s ino=%lu address=0x%lx offset=0x%llx size=0x%lx %s %s",
		  __get_str(dev), __entry->ino, __entry->address,
		  __entry->offset, __entry->size,
		  barlease_show_memattr(__entry->memattr),
		  __entry->writable ? "rw" : "ro")
);

/*
 * Page-table entries of @size were filled in, this one and what else was empty of
 * the mapping in the same table; or, as @refused, none.
 */
TRACE_EVENT(fault,
	TP_PROTO(const struct vm_fault *vmf, unsigned long size, bool refused),

	TP_ARGS(vmf, size, refused),

	TP_STRUCT__entry(
		__field(unsigned long, ino)
		__field(unsigned long, address)
		__field(unsigned long, size)
		__field(u32, memattr)
		__field(bool, write)
		__field(bool, refused)
	),

	TP_fast_assign(
		const struct barlease_buffer *buffer =
			vmf->vma->vm_private_data;

		__entry->ino = file_inode(vmf->vma->vm_file)->i_ino;
		__entry->address = vmf->address;
		__entry->size = size;
		__entry->memattr = buffer->memattr;
		__entry->write = vmf->flags & FAULT_FLAG_WRITE;
		__entry->refused = refused;
	),

	TP_printk("ino=%lu address=0x%lx size=0x%lx %s %s%s", __entry->ino,
		  __entry->address, __entry->size,
		  barlease_show_memattr(__entry->memattr),
		  __entry->write ? "write" : "read",
		  __entry->refused ? " refused" : "")
);

DECLARE_EVENT_CLASS(took,
	TP_PROTO(const struct barlease_buffer *buffer, u64 ns),

	TP_ARGS(buffer, ns),

	TP_STRUCT__entry(
		__string(dev, dev_name(&buffer->bdev->core.vdev.device))
		__field(unsigned long, ino)
		__field(u64, size)
		__field(u64, ns)
	),

	TP_fast_assign(
		__assign_str(dev);
		__entry->ino = buffer->ino;
		__entry->size = buffer->ranges.size;
		__entry->ns = ns;
	),

	TP_printk("%s ino=%lu size=0x%llx took=%llu ns", __get_str(dev),
		  __entry->ino, __entry->size, __entry->ns)
);

/*
 * No mapping is left, of a process or of a device; where a server waits for nobody (see
 * state.c), of a process.
 */
DEFINE_EVENT(took, revoke,
	TP_PROTO(const struct barlease_buffer *buffer, u64 ns),
	TP_ARGS(buffer, ns)
);

/* The same of processes, until it is resumed. */
DEFINE_EVENT(took, pause,
	TP_PROTO(const struct barlease_buffer *buffer, u64 ns),
	TP_ARGS(buffer, ns)
);

/* Whoever has waited may go on. */
TRACE_EVENT(resume,
	TP_PROTO(const struct barlease_buffer *buffer),

	TP_ARGS(buffer),

	TP_STRUCT__entry(
		__string(dev, dev_name(&buffer->bdev->core.vdev.device))
		__field(unsigned long, ino)
	),

	TP_fast_assign(
		__assign_str(dev);
		__entry->ino = buffer->ino;
	),

	TP_printk("%s ino=%lu", __get_str(dev), __entry->ino)
);

/* The device was closed, and all that it had exported is revoked. */
TRACE_EVENT(revoke_all,
	TP_PROTO(const struct barlease_device *bdev, unsigned int leases,
		 u64 ns),

	TP_ARGS(bdev, leases, ns),

	TP_STRUCT__entry(
		__string(dev, dev_name(&bdev->core.vdev.device))
		__field(unsigned int, leases)
		__field(u64, ns)
	),

	TP_fast_assign(
		__assign_str(dev);
		__entry->leases = leases;
		__entry->ns = ns;
	),

	TP_printk("%s leases=%u took=%llu ns", __get_str(dev),
		  __entry->leases, __entry->ns)
);

/* Nobody has a descriptor or a mapping of a lease any more. */
TRACE_EVENT(release,
	TP_PROTO(const struct barlease_buffer *buffer),

	TP_ARGS(buffer),

	TP_STRUCT__entry(
		__string(dev, dev_name(&buffer->bdev->core.vdev.device))
		__field(unsigned long, ino)
		__field(u64, size)
		__field(bool, revoked)
	),

	TP_fast_assign(
		__assign_str(dev);
		__entry->ino = buffer->ino;
		__entry->size = buffer->ranges.size;
		__entry->revoked = barlease_buffer_revoked(buffer);
	),

	TP_printk("%s ino=%lu size=0x%llx%s", __get_str(dev), __entry->ino,
		  __entry->size, __entry->revoked ? " revoked" : "")
);

DECLARE_EVENT_CLASS(importer,
	TP_PROTO(const struct dma_buf_attachment *attachment, int error),

	TP_ARGS(attachment, error),

	TP_STRUCT__entry(
		__string(importer, dev_name(attachment->dev))
		__field(unsigned long, ino)
		__field(int, error)
	),

	TP_fast_assign(
		__assign_str(importer);
		__entry->ino = file_inode(attachment->dmabuf->file)->i_ino;
		__entry->error = error;
	),

	TP_printk("ino=%lu importer=%s error=%d", __entry->ino,
		  __get_str(importer), __entry->error)
);

/* Another device has got a mapping of a lease, or has not. */
DEFINE_EVENT(importer, importer_map,
	TP_PROTO(const struct dma_buf_attachment *attachment, int error),
	TP_ARGS(attachment, error)
);

/* It has given it back. */
DEFINE_EVENT(importer, importer_unmap,
	TP_PROTO(const struct dma_buf_attachment *attachment, int error),
	TP_ARGS(attachment, error)
);

#endif /* BARLEASE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
