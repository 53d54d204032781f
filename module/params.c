// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module parameters that vfio-pci-core acts upon
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/module.h>

#include "compat.h"
#include "params.h"
#include "stand-in.h"

static bool nointxmask;
module_param(nointxmask, bool, 0644);
MODULE_PARM_DESC(nointxmask,
		 "Do not mask INTx in the device, but at the interrupt controller, which cannot be shared then");

static bool disable_vga;
#ifdef CONFIG_VFIO_PCI_VGA
module_param(disable_vga, bool, 0444);
MODULE_PARM_DESC(disable_vga, "Do not give access to legacy VGA ports and memory");
#endif

static bool disable_idle_d3;
module_param(disable_idle_d3, bool, 0644);
MODULE_PARM_DESC(disable_idle_d3,
		 "Keep idle, unused devices out of the D3 low power state");

/*
 * The last one to say something is right, as it is with vfio-pci alone. But
 * what nobody has asked of this driver is no reason to change what somebody has
 * asked of vfio-pci.
 */
void barlease_params_share(void)
{
	bool stock = barlease_stock_is_there();

	if (stock && !nointxmask && !disable_vga)
		return;

	if (barlease_compat_share_params(nointxmask, disable_vga,
					 disable_idle_d3) && stock)
		pr_notice("barlease-vfio-pci: nointxmask, disable_vga and disable_idle_d3 are vfio-pci's from now on as well: this kernel has them once\n");
}

void barlease_params_latch(struct vfio_pci_core_device *core)
{
	barlease_compat_latch_params(core, nointxmask, disable_vga);
	/* Older cores have set what is shared */
	core->disable_idle_d3 = disable_idle_d3;
}
