/* SPDX-License-Identifier: MIT */
/*
 * An address space that DMA goes to: a container's, or one of an iommufd
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_SPACE_H
#define LIB_SPACE_H

#include <stdint.h>

#include "public.h"

/* @ioas: of the iommufd @fd; 0 where @fd is a container. No fd (0): there is none */
struct bl_space {
	int fd;
	uint32_t ioas;
};

/* Fills in what its owner is told of it. Return: 0; -ENOMEM; errors of ioctl() */
int bl_space_describe(const struct bl_space *space,
		      struct barlease_address_space *told);

/*
 * Return: 0; errors of mmap() and ioctl(). bl_space_unmap(): -ENOENT nothing is
 * mapped there
 */
int bl_space_map(const struct bl_space *space, const struct barlease_dma *dma);
int bl_space_unmap(const struct bl_space *space, uint64_t address,
		   uint64_t length);

#endif
