/* SPDX-License-Identifier: MIT */
/*
 * mmap() of leases and BARs, at addresses of the caller's choice
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef MAP_H
#define MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "vfio.h"

#define RW	(PROT_READ | PROT_WRITE)

/*
 * Is that what mmap() says of a BAR that this kernel has no way to map? VFIO's offset of
 * a BAR is its index times 1 TiB, and a kernel of 32 bits maps files up to 4 GiB, those
 * of devices as well (file_mmap_size_max()). NO_OTHER_BAR is for skip() then.
 */
bool map_is_too_far(int error);
#define NO_OTHER_BAR	"a kernel of 32 bits maps no BAR but the first"

typedef volatile uint8_t *mapping_t;

/* MAP_SHARED; give up where mmap() fails */
mapping_t map(int fd, uint64_t offset, size_t size, int prot);
/*
 * At an address that is @remainder modulo @align, which is a power of two; with
 * an fd of -1, just address space that nobody else gets
 */
mapping_t map_aligned(int fd, uint64_t offset, size_t size, int prot,
		      size_t align, size_t remainder);
/* BAR of the device itself */
mapping_t map_bar(const struct vfio *vfio, unsigned int index, uint64_t offset,
		  size_t size);

/* 0, after unmapping again, or a negative errno */
int try_map(int fd, uint64_t offset, size_t size, int prot, int flags);
int try_protect(mapping_t at, size_t size, int prot);

void unmap(mapping_t at, size_t size);

#endif
