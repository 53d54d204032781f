// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that are not safe to give to userspace
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The ones that vfio-pci refuses (its denylist, 6.12), for the same reason:
 * known errata let their user take the host down.
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "denylist.h"

static bool disable_denylist;
module_param(disable_denylist, bool, 0444);
MODULE_PARM_DESC(disable_denylist,
		 "Bind devices with known errata that untrusted users could exploit");

static const struct pci_device_id denied_ids[] = {
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C3XXX_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_C62X_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_QAT_DH895XCC_VF) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_DSA_SPR0) },
	{ PCI_VDEVICE(INTEL, PCI_DEVICE_ID_INTEL_IAX_SPR0) },
	{}
};

bool barlease_denied(struct pci_dev *pdev)
{
	if (!pci_match_id(denied_ids, pdev))
		return false;

	if (disable_denylist) {
		pci_warn(pdev, "has known errata; allowed by disable_denylist\n");
		return false;
	}

	pci_warn(pdev, "has known errata, not bound (see the module parameter disable_denylist)\n");
	return true;
}
