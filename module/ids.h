/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module parameter ids=
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_IDS_H
#define BARLEASE_IDS_H

struct pci_driver;

/* Entries that cannot be understood or added are named in the kernel log. */
void barlease_add_ids(struct pci_driver *driver);

#endif /* BARLEASE_IDS_H */
