/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the page tables of the calling process really say, and the rest of what
 * tests need the kernel for
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Shared between barlease-ptwalk.ko, which exists for tests only, and the
 * tests. Every call is made on /dev/barlease-ptwalk.
 */
#ifndef BARLEASE_PTWALK_H
#define BARLEASE_PTWALK_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define BARLEASE_PTWALK_PRESENT		0x1
#define BARLEASE_PTWALK_WRITABLE	0x2
#define BARLEASE_PTWALK_SPECIAL		0x4

/**
 * BARLEASE_PTWALK - look at the entry that maps an address
 *
 * @address: in: any address in a mapping of device memory
 * @pfn: out: page frame that the address itself is mapped to
 * @pgprot: out: the entry's bits without the page frame
 * @attribute: out: what the processor makes of those that choose a memory type: on
 *   x86 the byte of the PAT, on arm64 the byte of MAIR_EL1
 * @page_size: out: bytes that this one entry maps; when there is none, how many
 *   this one missing entry, or missing table, leaves unmapped
 * @flags: out: BARLEASE_PTWALK_*; 0, and only @page_size filled in, when there
 *   is no entry
 *
 * Return: 0, or -1 and errno: EFAULT no mapping at @address; EINVAL a mapping
 * of something else than device memory.
 */
struct barlease_ptwalk {
	__u64 address;
	__u64 pfn;
	__u64 pgprot;
	__u64 page_size;
	__u32 flags;
	__u32 attribute;
};

#define BARLEASE_PTWALK _IOWR('b', 1, struct barlease_ptwalk)

#define BARLEASE_IMPORTER_STATIC	0
#define BARLEASE_IMPORTER_DYNAMIC	1
#define BARLEASE_IMPORTER_PEER2PEER	2

/**
 * BARLEASE_IMPORT - attach to a DMABUF as a device driver would, and detach
 *
 * @dmabuf_fd: in
 * @kind: in: BARLEASE_IMPORTER_*; PEER2PEER is DYNAMIC and copes with memory
 *   that has no struct page
 *
 * Return: 0 when the exporter let it attach, or -1 and the exporter's errno.
 */
struct barlease_import {
	__s32 dmabuf_fd;
	__u32 kind;
};

#define BARLEASE_IMPORT _IOW('b', 2, struct barlease_import)

#define BARLEASE_HOLD_FOR_READING	0
#define BARLEASE_HOLD_FOR_WRITING	1
#define BARLEASE_HOLD_RESET		2

/**
 * BARLEASE_HOLD - hold what keeps faults of a VFIO device out
 *
 * Comes back when BARLEASE_RELEASE is called on another fd, or with EINTR when
 * the caller is killed.
 *
 * @domain, @bus, @devfn: the PCI device, bound to a driver on vfio-pci-core
 * @what: BARLEASE_HOLD_FOR_READING and _FOR_WRITING: memory_lock, for writing
 *   after all mappings were zapped, as in a reset by the device's user;
 *   BARLEASE_HOLD_RESET: what lies between reset_prepare() and reset_done(), as
 *   in a reset by somebody else
 *
 * Return: 0, or -1 and errno: ENODEV no such device, or it has no driver.
 */
struct barlease_hold {
	__u32 domain;
	__u8 bus;
	__u8 devfn;
	__u16 what;
};

#define BARLEASE_HOLD _IOW('b', 3, struct barlease_hold)

/* Wait until it is held */
#define BARLEASE_HELD _IO('b', 4)

/* End it, and wait until it is over */
#define BARLEASE_RELEASE _IO('b', 5)

#endif /* BARLEASE_PTWALK_H */
