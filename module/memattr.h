/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory attributes
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_MEMATTR_H
#define BARLEASE_MEMATTR_H

#include <linux/mm_types.h>

struct barlease_device;

/*
 * Of a BAR map only, and not for userspace: each part of it has an attribute
 * of its own, see bar-memattr.h. A plain number: tracepoints show it as it is here.
 */
#define BARLEASE_MEMATTR_PARTS	0xff

/**
 * barlease_memattr_pgprot() - a protection with a memory attribute
 * @memattr: VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_* or BARLEASE_MEMATTR_PARTS
 * @prot: the protection, of ordinary memory
 *
 * On x86 an attribute is bits that are added, and two of them make a third. So
 * a VMA whose parts differ keeps the protection of ordinary memory, for each
 * fault to make its own from: nothing else fills its page tables.
 */
pgprot_t barlease_memattr_pgprot(u32 memattr, pgprot_t prot);

/* Can page tables of this machine have it? */
bool barlease_memattr_supported(u32 memattr);

/* VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR */
int barlease_feature_memattr(struct barlease_device *bdev, u32 flags,
			     void __user *arg, size_t argsz);

#endif /* BARLEASE_MEMATTR_H */
