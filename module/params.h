/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Module parameters that vfio-pci-core acts upon
 *
 * Copyright (C) 2026 The barlease authors
 *
 * With vfio-pci's names, types and rights, so that its options can be this
 * driver's. Those that a file of this driver acts upon are there.
 */
#ifndef BARLEASE_PARAMS_H
#define BARLEASE_PARAMS_H

struct vfio_pci_core_device;

/**
 * barlease_params_share() - tell older cores, which have one set for everybody
 *
 * Before the driver is registered.
 */
void barlease_params_share(void);

/**
 * barlease_params_latch() - what holds for a device from now on
 * @core: has been initialized, and is not registered yet
 */
void barlease_params_latch(struct vfio_pci_core_device *core);

#endif /* BARLEASE_PARAMS_H */
