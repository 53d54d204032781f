/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How large a buffer can be
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Pure, and compiled into userspace tests as well.
 */
#ifndef BARLEASE_SIZE_H
#define BARLEASE_SIZE_H

#include <linux/types.h>

/*
 * A DMABUF has its size in a size_t, which cuts off what is too large for it: on
 * 32 bits, a buffer of 4 GiB and a page would be one of a page. BARs are no
 * larger there, but ranges repeat.
 */
static inline bool barlease_size_fits(u64 size)
{
	return (size_t)size == size;
}

#endif /* BARLEASE_SIZE_H */
