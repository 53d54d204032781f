/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Standing in for vfio-pci
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Programs such as DPDK go by names: of the driver that a device is bound to,
 * and of a module that is loaded. With stand_in=1 both are vfio-pci's.
 */
#ifndef BARLEASE_STAND_IN_H
#define BARLEASE_STAND_IN_H

#include <linux/types.h>

/*
 * The name of the pci_driver and of the vfio_device_ops. They have to agree:
 * the core binds VFs to the driver of their PF by the latter.
 */
extern char barlease_driver_name[];

/* Is there a driver vfio-pci? Before this driver is registered. */
bool barlease_stock_is_there(void);

/* Settle the name. Before the driver is registered. */
void barlease_stand_in_name(void);

/**
 * barlease_stand_in_taken() - say why the driver could not be registered
 * @error: from pci_register_driver()
 */
void barlease_stand_in_taken(int error);

/**
 * barlease_stand_in_link() - show vfio-pci's module in /sys/module
 *
 * Once the driver is registered, which proves that nobody else is vfio-pci.
 *
 * Return: 0 or a negative errno.
 */
int barlease_stand_in_link(void);
void barlease_stand_in_unlink(void);

#endif /* BARLEASE_STAND_IN_H */
