/* SPDX-License-Identifier: MIT */
/*
 * What the kernel tells the user of a device by eventfd
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>

#include "vfio.h"

/* Of VFIO_PCI_REQ_IRQ_INDEX or VFIO_PCI_ERR_IRQ_INDEX; gives up on failure */
int event_fd(const struct vfio *vfio, unsigned int index);
bool event_came(int fd, int timeout_ms);

#endif
