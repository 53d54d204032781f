/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vfio-pci has and this driver has not
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_LEFT_OUT_H
#define BARLEASE_LEFT_OUT_H

struct pci_dev;

/* Say so in the kernel log, where a device would have had any of it. */
void barlease_left_out(struct pci_dev *pdev);

#endif /* BARLEASE_LEFT_OUT_H */
