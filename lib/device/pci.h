/* SPDX-License-Identifier: MIT */
/*
 * PCI addresses, and what sysfs says of the device at one
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_PCI_H
#define LIB_PCI_H

#include <stddef.h>

/* As sysfs and VFIO write it; a domain has up to 8 digits */
struct bl_pci {
	char name[sizeof("00000000:00:00.0")];
};

/* "DDDD:BB:DD.F" or "BB:DD.F"; 0, or -EINVAL */
int bl_pci_parse(const char *text, struct bl_pci *pci);

/* IOMMU group; or -ENODEV no device there, or one without a group */
int bl_pci_group(const struct bl_pci *pci);

/* "vfioN"; 0, or -ENODEV no VFIO driver has the device, or no device there */
int bl_pci_vfio_name(const struct bl_pci *pci, char *name, size_t size);

#endif
