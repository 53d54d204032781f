/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own DMABUFs instead of leases, where an administrator wants that
 *
 * Copyright (C) 2026 The barlease authors
 *
 * iommufd knows DMABUFs of vfio-pci-core by sight, and maps no others. So a VMM
 * that has the device may be given those, by the call that it knows: barlease/
 * dmabuf in the directory of the PCI device says which kind that call exports.
 */
#ifndef BARLEASE_CORE_EXPORT_H
#define BARLEASE_CORE_EXPORT_H

struct device_attribute;

extern struct device_attribute barlease_dmabuf_attribute;

#endif /* BARLEASE_CORE_EXPORT_H */
