/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that are not safe to give to userspace
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_DENYLIST_H
#define BARLEASE_DENYLIST_H

#include <linux/types.h>

struct pci_dev;

bool barlease_denied(struct pci_dev *pdev);

#endif /* BARLEASE_DENYLIST_H */
