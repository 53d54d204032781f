/* SPDX-License-Identifier: MIT */
/*
 * Devices that leases are attached to, from barlease-importer.ko
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef IMPORTER_H
#define IMPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../module/importer.h"
#include "sysfs.h"

/* enum dma_data_direction */
#define BOTH_WAYS	0
#define TO_DEVICE	1	/* which reads the buffer */
#define FROM_DEVICE	2

/* Does this kernel have what devices without pages need? */
bool importers_possible(void);

/*
 * Attach a device; @how is BARLEASE_IMPORTER_*. Returns an fd, which is that
 * attachment, or a negative errno.
 */
int importer_try(int dmabuf, struct bdf dev, unsigned int how);
/* The same, and map it; gives up where that fails */
int importer_mapped(int dmabuf, struct bdf dev, unsigned int how);

/* Return 0 or a negative errno; @map may be NULL */
int importer_map(int importer, unsigned int direction, struct barlease_map *map);
void importer_unmap(int importer);

bool importer_has(int importer);
unsigned int importer_told(int importer);
/* What an importer got that mapped again right when it was told */
int importer_again(int importer);

/* A fence that does not signal */
void importer_add_fence(int importer);

#endif
