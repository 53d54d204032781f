/* SPDX-License-Identifier: MIT */
/*
 * Hearing of devices that come
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_UEVENT_H
#define BROKER_UEVENT_H

#include <stdbool.h>

/* A socket that is readable when the kernel has news of devices; -errno */
int uevent_open(void);

/* Takes all that there is. Return: was any of it about PCI or VFIO? */
bool uevent_read(int fd);

#endif
