/* SPDX-License-Identifier: MIT */
/*
 * The same device with the kernel's own vfio-pci, to see what that does
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef STOCK_H
#define STOCK_H

#include "sysfs.h"
#include "vfio.h"

/*
 * Look while the kernel's own vfio-pci has these devices. Checks: it is loaded and gets
 * them; they are ours again; it is unloaded
 */
void stock_has(const struct bdf *devs, size_t nr, void (*look)(void));

/*
 * A DMABUF of a BAR's first page, as mainline exports them; or -1, and a check
 * that this kernel's vfio-pci exports nothing
 */
int stock_export(const struct vfio *vfio, unsigned int bar);

#endif
