/* SPDX-License-Identifier: MIT */
/*
 * The calls of <linux/barlease.h>
 *
 * Copyright (C) 2026 The barlease authors
 *
 * All return what the kernel returns, or a negative errno.
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdint.h>
#include <linux/barlease.h>

#define BAR0	VFIO_PCI_BAR0_REGION_INDEX
#define BAR2	VFIO_PCI_BAR2_REGION_INDEX
#define NC	VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_NC
#define WC	VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC

/* Of the guest's kernel: a page, what one PMD entry maps, and a PUD entry */
#define PAGE	((uint64_t)GUEST_PAGE)
#define HUGE	(PAGE * (PAGE / 8))
#define GIANT	(HUGE * (PAGE / 8))

/*
 * Sizes as the tests name them are those of a kernel with pages of 4 KiB, where a
 * huge page has 2 MiB and 512 of them 1 GiB. With larger pages these are as much
 * larger as huge pages are, and so is the memory of the guest's devices (lab/qemu.sh).
 */
#define KIB(n)	((uint64_t)(n) << 10)
#define MIB(n)	(HUGE / 2 * (n))
#define GIB(n)	(GIANT * (n))

/* For tests of texts that have such sizes in them */
#define NEEDS_SMALL_PAGES						\
	do {								\
		if (GUEST_PAGE != 4096)					\
			skip_all("it compares texts for pages of 4 KiB", \
				 "with larger pages");			\
	} while (0)

int lease_export(int device, uint32_t bar, uint32_t open_flags,
		 const struct vfio_region_dma_range *ranges, uint32_t nr_ranges);
/* The same with flags */
int lease_export_as(int device, const struct vfio_device_feature_dma_buf *what,
		    const struct vfio_region_dma_range *ranges);
/* One range, for reading and writing; gives up where that fails */
int lease_of(int device, uint32_t bar, uint64_t offset, uint64_t length);

enum revoke_by {
	BY_FEATURE,
	BY_IOCTL,
};

int lease_revoke_by(enum revoke_by how, int device, int dmabuf);
int lease_revoke(int device, int dmabuf);

/* One range that reads all ones when it is over; gives up where that fails */
int lease_of_ones(int device, uint32_t bar, uint64_t offset, uint64_t length);

/* The state that it is to be in: BARLEASE_DMA_BUF_REVOKED, _PAUSED, or 0 */
int lease_set_state(int device, int dmabuf, uint32_t flags);
int lease_pause(int device, int dmabuf);
int lease_resume(int device, int dmabuf);
/* The state that it is in */
int lease_get_state(int device, int dmabuf);

int lease_set_memattr(int device, int dmabuf, uint32_t memattr);
/* Returns the attribute */
int lease_get_memattr(int device, int dmabuf);

/* Of BAR maps to come */
int bar_set_memattr(int device, uint32_t bar, uint64_t offset, uint64_t length,
		    uint32_t memattr);
/* Returns the attribute; @length may be NULL */
int bar_get_memattr(int device, uint32_t bar, uint64_t offset,
		    uint64_t *length);

/* What the kernel knows it by */
unsigned long lease_inode(int dmabuf);

/* The name that an exporter gave, as /proc/PID/maps shows it */
int lease_set_name(int dmabuf, const char *name);

#endif
