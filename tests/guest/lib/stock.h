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

/* Checks: vfio-pci is loaded and has the device; the device is ours again */
void stock_takes(struct bdf dev);
void stock_returns(struct bdf dev);

/*
 * A DMABUF of a BAR's first page, as mainline exports them; or -1, and a check
 * that this kernel's vfio-pci exports nothing
 */
int stock_export(const struct vfio *vfio, unsigned int bar);

#endif
