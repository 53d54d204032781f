/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * barlease: leases of PCI BAR slices, as DMABUFs
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The contract between barlease-vfio-pci.ko and userspace. Every call is made
 * on a VFIO device fd; the calls not described here are those of
 * <linux/vfio.h>, unchanged. The macro names and the structure layouts are
 * those of the series "vfio/pci: Add mmap() for DMABUFs" (linux-mm, 2026), so
 * that programs written for it build unchanged.
 *
 * This header defines nothing that the host's <linux/vfio.h> already has, and
 * compiles beside any version of it.
 */
#ifndef _UAPI_LINUX_BARLEASE_H
#define _UAPI_LINUX_BARLEASE_H

#include <linux/types.h>
#include <linux/vfio.h>

/**
 * VFIO_DEVICE_FEATURE_DMA_BUF - export ranges of a BAR as one DMABUF
 *
 * GET with struct vfio_device_feature_dma_buf in vfio_device_feature.data;
 * returns the DMABUF's fd. PROBE tells whether the call exists.
 *
 * @region_index: VFIO_PCI_BAR0_REGION_INDEX ... VFIO_PCI_BAR5_REGION_INDEX
 * @open_flags: O_RDWR, or O_RDONLY for a read-only lease, which cannot be
 *   mapped for writing nor made writable later; O_CLOEXEC may be added
 * @flags: 0, or any of BARLEASE_DMA_BUF_MSIX for a lease that may have pages with
 *   the device's MSI-X table or its pending bits, and BARLEASE_DMA_BUF_ONES for one
 *   whose mappings read all ones when it is over, instead of SIGBUS
 * @nr_ranges: entries in @dma_ranges, 1 to BARLEASE_MAX_RANGES
 * @dma_ranges: parts of the BAR, in the order in which the buffer shows them;
 *   @offset from the BAR's start and @length, both in bytes and both multiples
 *   of the page size. Ranges may come in any order, overlap, and repeat.
 *
 * The caller owns the fd. Whoever has it can mmap() any part of the buffer
 * with MAP_SHARED. It stays usable until it is revoked, or until the last
 * close of the VFIO device, which revokes it.
 *
 * Return: the fd, or -1 and errno:
 *   EINVAL  @flags or @open_flags is none of the above, no ranges, a range that
 *           is empty, unaligned or past the BAR's end, a total that overflows,
 *           an argsz too small for @nr_ranges
 *   EPERM   a range has a page with the MSI-X table or the pending bits, and
 *           @flags does not ask for that
 *   ENODEV  @region_index is no BAR that can be mapped
 *   E2BIG   more than BARLEASE_MAX_RANGES ranges, or a total larger than any
 *           gap between BARs in the device's space of offsets, where each BAR
 *           has 1 TiB to itself; a device with one BAR has a gap of 5 TiB or so.
 *           On 32 bits, a total of 4 GiB or more.
 *   ENOSPC  that space is used up by the leases that exist now
 *   EBUSY   another driver of the host has claimed the BAR
 *   EMFILE, ENFILE, ENOMEM, EFAULT as usual
 *
 * Source: mainline's <linux/vfio.h>, 6.19.
 */
#ifndef VFIO_DEVICE_FEATURE_DMA_BUF
#define VFIO_DEVICE_FEATURE_DMA_BUF 11

struct vfio_region_dma_range {
	__u64	offset;
	__u64	length;
};

struct vfio_device_feature_dma_buf {
	__u32	region_index;
	__u32	open_flags;
	__u32	flags;
	__u32	nr_ranges;
	struct vfio_region_dma_range dma_ranges[];
};
#endif

/*
 * In @flags, which mainline has nothing in so far: a lease of the pages with the
 * MSI-X table and the pending bits, too. Who can write to the table chooses
 * where the device's interrupts go, and what they say.
 */
#define BARLEASE_DMA_BUF_MSIX	(1u << 31)

/*
 * The same: after the lease is revoked, its mappings show memory instead of the
 * device, one page of the lease's own for each of its pages. It is all ones at
 * first. A write goes there and nowhere else: so it reads back, at the same place
 * of every page, by whoever has a mapping of that lease. There are no new mappings,
 * as ever. The page is 4 KiB, or what the kernel's pages have, in the account of who
 * exports, for as long as the DMABUF is there.
 */
#define BARLEASE_DMA_BUF_ONES	(1u << 30)

/*
 * The most ranges one buffer can have. It bounds what one call makes the
 * kernel copy and keep: 1 MiB each.
 */
#define BARLEASE_MAX_RANGES	65536

/*
 * Feature numbers. The series' own (13 and 14) are unsettled upstream, so
 * these two are far away from mainline's sequence. A driver built against
 * kernel headers that define an upstream number answers to that one too.
 */
#define BARLEASE_FEATURE_DMA_BUF_REVOKE		0xBA01
#define BARLEASE_FEATURE_DMA_BUF_MEMATTR	0xBA02

/**
 * VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE - take a lease back, for good
 *
 * SET with struct vfio_device_feature_dma_buf_revoke. When the call returns,
 * no mapping of the buffer reaches the device any more, in any process: an
 * access ends in SIGBUS, a new mmap() in ENODEV; nor does any other device that
 * was attached to it. Other buffers do not notice,
 * even where they share bytes with this one. There is no way back; the same
 * ranges can be exported again as a new buffer.
 *
 * @dmabuf_fd: any fd of the buffer; it stays open, and the caller's
 *
 * Return: 0, or -1 and errno:
 *   EBADF   @dmabuf_fd is not an open fd
 *   EINVAL  @dmabuf_fd is no DMABUF; an argsz too small
 *   ENODEV  a DMABUF that this device did not export
 *   EBADFD  revoked before
 *   EINTR   the caller was killed while a device took its time to give the
 *           buffer back. Processes do not have it any more, nobody can get it
 *           anew; that one device may still have it. Until it does not, no reset
 *           and no close of the device is over.
 *   EFAULT  as usual
 */
#ifndef VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE
#define VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE BARLEASE_FEATURE_DMA_BUF_REVOKE

struct vfio_device_feature_dma_buf_revoke {
	__s32	dmabuf_fd;
};
#endif

/**
 * VFIO_DEVICE_PCI_DMABUF_REVOKE - the same, as an ioctl of its own
 *
 * The form that the first versions of the series had; the same effect and the
 * same errors as VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE.
 *
 * @argsz: sizeof(struct vfio_pci_dmabuf_revoke), in bytes
 * @dmabuf_fd: as above
 */
#ifndef VFIO_DEVICE_PCI_DMABUF_REVOKE
#define VFIO_DEVICE_PCI_DMABUF_REVOKE _IO(VFIO_TYPE, VFIO_BASE + 22)

struct vfio_pci_dmabuf_revoke {
	__u32	argsz;
	__s32	dmabuf_fd;
};
#endif

/**
 * VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR - memory attribute of a buffer
 *
 * SET chooses the attribute of future mmap()s of the buffer; mappings that
 * exist keep theirs. GET reads it. Both with struct
 * vfio_device_feature_dma_buf_memattr.
 *
 * Success is a promise: an attribute that the page tables of this machine
 * cannot really have is refused.
 *
 * @dmabuf_fd: any fd of the buffer
 * @memattr: in for SET, out for GET:
 *   ..._MEMATTR_NC  uncached; what a new buffer has
 *   ..._MEMATTR_WC  write-combining
 *
 * Return: 0, or -1 and errno: those of VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE, and
 *   EOPNOTSUPP  @memattr is unknown, or cannot be had on this platform
 */
#ifndef VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR
#define VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR BARLEASE_FEATURE_DMA_BUF_MEMATTR

struct vfio_device_feature_dma_buf_memattr {
	__s32	dmabuf_fd;
	__u32	memattr;
#define VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC	0
#define VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC	1
};
#endif

/**
 * BARLEASE_FEATURE_BAR_MEMATTR - memory attribute of ordinary BAR maps
 *
 * SET chooses the attribute of future mmap()s of the VFIO device fd that show
 * this part of a BAR; mappings that exist keep theirs, and leases have one of
 * their own (see above). A mapping may cover parts that differ: each has its
 * own attribute then, in pages of the smallest size. GET reads what holds at
 * one place, and how far. Both with struct barlease_bar_memattr.
 *
 * SET lasts until the last close of the device; then what the administrator
 * has chosen holds again (barlease/barN_memattr of the PCI device in sysfs).
 * While the device is open the last word holds, whoever said it.
 *
 * Success is a promise, as above.
 *
 * @region_index: VFIO_PCI_BAR0_REGION_INDEX ... VFIO_PCI_BAR5_REGION_INDEX
 * @memattr: in for SET, out for GET: VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC,
 *   which is what a BAR has unless told otherwise, or ..._WC
 * @offset: from the BAR's start, in bytes, a multiple of the page size
 * @length: in bytes; in for SET, a multiple of the page size, or 0 for all from
 *   @offset on; out for GET, how far from @offset on @memattr holds
 *
 * Return: 0, or -1 and errno:
 *   ENODEV      @region_index is no BAR that can be mapped
 *   EINVAL      @offset or @length is unaligned or past the BAR's end; an argsz
 *               too small
 *   EOPNOTSUPP  @memattr is unknown, or cannot be had on this platform
 *   E2BIG       the BAR would fall into more than BARLEASE_MAX_BAR_PARTS parts
 *   ENOMEM, EFAULT as usual
 */
#define BARLEASE_FEATURE_BAR_MEMATTR		0xBA03

#define BARLEASE_MAX_BAR_PARTS	64

struct barlease_bar_memattr {
	__u32	region_index;
	__u32	memattr;
	__u64	offset;
	__u64	length;
};

/**
 * BARLEASE_FEATURE_LEASE - export ranges of a BAR as a lease, come what may
 *
 * As VFIO_DEVICE_FEATURE_DMA_BUF, which is the same unless the administrator has
 * given that number to the kernel's own DMABUFs (barlease/dmabuf of the PCI
 * device in sysfs). Those are what iommufd maps by IOMMU_IOAS_MAP_FILE; they
 * cannot be mapped by processes, and are revoked with the whole device only.
 */
#define BARLEASE_FEATURE_LEASE			0xBA04

/**
 * BARLEASE_FEATURE_DMA_BUF_IMPORTERS - which devices have a buffer
 *
 * GET with struct barlease_dma_buf_importers. A kernel on which no device can
 * have one does not know the call (ENOTTY), which PROBE tells.
 *
 * @dmabuf_fd: any fd of the buffer
 * @attached: out: how many devices are attached to it
 * @mapped: out: how many mappings they have; none, once it is revoked
 * @reserved: out: 0
 *
 * Return: 0, or -1 and errno: EBADF, EINVAL, ENODEV, EFAULT as those of
 * VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE.
 */
#define BARLEASE_FEATURE_DMA_BUF_IMPORTERS	0xBA05

struct barlease_dma_buf_importers {
	__s32	dmabuf_fd;
	__u32	attached;
	__u32	mapped;
	__u32	reserved;
};

/**
 * BARLEASE_FEATURE_DMA_BUF_STATE - how a buffer is; end it at once, or pause it
 *
 * For servers of many clients, which must wait for none of them. GET tells how
 * things are; SET makes them so, and then tells the same. Both with struct
 * barlease_dma_buf_state.
 *
 * BARLEASE_DMA_BUF_REVOKED takes the buffer back as
 * VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE does, but does not wait for other devices: for
 * processes the lease is over when the call returns, for devices when @mapped
 * is 0.
 *
 * BARLEASE_DMA_BUF_PAUSED takes it from everybody, until SET with no flag gives it
 * back: mappings stay, can be made, and reach nothing. An access waits, without a
 * lock of its process, until then or until the end of the lease; a signal that has a
 * handler is handled meanwhile, one that kills does. Of a system call it does not
 * wait but fails (EFAULT), as the call may have locks that others need. Other devices
 * are told to give their mappings back, and are not waited for; they get none
 * (EAGAIN) while it is paused. A last close ends what is paused as all else.
 *
 * To make it what it is already is no error.
 *
 * @dmabuf_fd: any fd of the buffer
 * @flags: out for GET, in and out for SET; 0, or one of
 *   BARLEASE_DMA_BUF_REVOKED: it was revoked, or its device closed
 *   BARLEASE_DMA_BUF_PAUSED: nobody reaches the device by it for now
 * @attached: out: how many devices are attached to it
 * @mapped: out: how many mappings they have
 * @references: out: how many references there are to it: fds, mappings, devices,
 *   and fds on their way through a socket. 1: nobody has it but the caller, by
 *   this one fd.
 * @reserved: out: 0
 *
 * Return: 0, or -1 and errno: EBADF, ENODEV, EFAULT as those of
 * VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE, and
 *   EINVAL  no DMABUF; another @flags with SET; an argsz too small
 *   EBADFD  to be paused, or resumed, and is revoked
 */
#define BARLEASE_FEATURE_DMA_BUF_STATE		0xBA06

struct barlease_dma_buf_state {
	__s32	dmabuf_fd;
	__u32	flags;
#define BARLEASE_DMA_BUF_REVOKED	(1u << 0)
#define BARLEASE_DMA_BUF_PAUSED		(1u << 1)
	__u32	attached;
	__u32	mapped;
	__u32	references;
	__u32	reserved;
};

/**
 * BARLEASE_FEATURE_MAPPED_AS - what the page table says of a mapping
 *
 * GET with struct barlease_mapped_as. Looks at the caller's own mapping of a
 * BAR, or of a buffer of this device, and tells what the processor makes of the
 * entry that is there: not what somebody has asked for. Nothing that is mapped
 * is accessed, and no physical address is told.
 *
 * @address: in the caller's address space, anywhere in the mapping
 * @flags: 0, or BARLEASE_MAPPED_AS_FILL: if nothing is there, put there first
 *   what an access would
 * @memattr: out: VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC or ..._WC; or
 *   BARLEASE_MAPPED_AS_OTHER: neither, or it cannot be told
 * @page_size: out: in bytes, of the page that @address is in; 0: none is there.
 *   With BARLEASE_MAPPED_AS_FILL, an access would be SIGBUS then.
 *
 * Return: 0, or -1 and errno:
 *   EFAULT  nothing is mapped at @address; or as usual
 *   ENODEV  what is mapped there is not this device's
 *   EINVAL  @flags is none of the above; an address that the caller cannot
 *           have; an argsz too small
 *   EINTR   the caller was killed meanwhile
 *   EAGAIN  with BARLEASE_MAPPED_AS_FILL: the buffer is paused, so that an access
 *           would wait
 *   ENOMEM  as usual
 */
#define BARLEASE_FEATURE_MAPPED_AS		0xBA08

#define BARLEASE_MAPPED_AS_FILL		(1u << 0)
#define BARLEASE_MAPPED_AS_OTHER	(~0u)

struct barlease_mapped_as {
	__u64	address;
	__u32	flags;
	__u32	memattr;
	__u64	page_size;
};

#endif /* _UAPI_LINUX_BARLEASE_H */
