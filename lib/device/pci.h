/* SPDX-License-Identifier: MIT */
/*
 * What sysfs says of the PCI device at an address
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_PCI_H
#define LIB_PCI_H

#include <stdbool.h>
#include <stddef.h>

#include "public.h"

/* Of barlease_pci_address() */
struct bl_pci {
	char name[BARLEASE_PCI_ADDRESS_SIZE];
};

/* IOMMU group; or -ENODEV no device there, or one without a group */
int bl_pci_group(const struct bl_pci *pci);

/* Is the group one that VFIO has made for a device without an IOMMU? */
bool bl_pci_without_iommu(const struct bl_pci *pci);

/* "vfioN"; 0, or -ENODEV no VFIO driver has the device, or no device there */
int bl_pci_vfio_name(const struct bl_pci *pci, char *name, size_t size);

#endif
