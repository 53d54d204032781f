// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vfio-pci has and this driver has not
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/pci.h>

#include "left-out.h"

/* The devices that vfio-pci asks for those regions, whether they have any */
static bool is_intel_graphics(struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_INTEL &&
	       pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;
}

void barlease_left_out(struct pci_dev *pdev)
{
	if (IS_ENABLED(CONFIG_VFIO_PCI_IGD) && is_intel_graphics(pdev))
		pci_notice(pdev, "Intel graphics: the regions for its OpRegion, host bridge and ISA bridge are vfio-pci's, and not offered by this driver\n");
}
