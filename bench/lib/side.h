/* SPDX-License-Identifier: MIT */
/*
 * A device that goes to and fro between the stock vfio-pci and barlease's
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SIDE_H
#define SIDE_H

#include "vfio.h"

enum side {
	LEASE,		/* of barlease-vfio-pci */
	STOCK,		/* vfio-pci, BAR map of the device fd */
};

/* Once, before and after all */
void sides_begin(void);
void sides_end(struct bdf dev);

/* If it is not bound so already; gives up on failure, as the next one does */
void side_bind(struct bdf dev, enum side side);
/* The same, and open it */
struct vfio side_open(struct bdf dev, enum side side);

/* Host memory behind a BAR comes with the first access. Have it all. */
void side_warm_up(struct bdf dev);

#endif
