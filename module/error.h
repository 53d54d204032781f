/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Errors of the link, and what the PCI core does about them
 *
 * Copyright (C) 2026 The barlease authors
 *
 * For a fatal error (AER, DPC) the PCI core resets the link, without
 * reset_prepare() and reset_done(), and without putting config space back. With
 * vfio-pci mappings read made-up words from then on, as if those were data.
 *
 * Here they are SIGBUS from the moment that the PCI core tells, until the owner
 * has reset the device or opened it anew. Both also put config space back.
 */
#ifndef BARLEASE_ERROR_H
#define BARLEASE_ERROR_H

#include <linux/pci.h>

struct barlease_device;

/* struct pci_error_handlers; called with the device's lock held */
pci_ers_result_t barlease_error_detected(struct pci_dev *pdev,
					 pci_channel_state_t state);
pci_ers_result_t barlease_error_slot_reset(struct pci_dev *pdev);
void barlease_error_resume(struct pci_dev *pdev);
void barlease_error_reset_prepare(struct pci_dev *pdev);
void barlease_error_reset_done(struct pci_dev *pdev);

/**
 * barlease_error_before_open() - forget errors of before
 * @bdev: the device, which nobody has open
 *
 * Return: 0 or -EINTR, while waiting for the end of a recovery.
 */
int barlease_error_before_open(struct barlease_device *bdev);

/* Right after vfio_pci_core_enable(), which has saved the config space */
void barlease_error_opened(struct barlease_device *bdev);

#endif /* BARLEASE_ERROR_H */
