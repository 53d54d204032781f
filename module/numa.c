// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeping NUMA policies out of mappings of devices
 *
 * Copyright (C) 2026 The barlease authors
 *
 * mbind() with MPOL_MF_STRICT looks into mappings of devices, and kernels before
 * 7.3 take what a PMD entry maps for memory that has a struct page: an oops, which
 * any client could have (docs/upstream.md). The device's memory has none, and no
 * node that could be the wrong one. So the function that looks is left again as
 * soon as it is called for a mapping of ours, as if it had found what newer
 * kernels find there, which is nothing.
 *
 * No header tells which kernel does what, so that is done on all. Where it cannot
 * be done there are no huge pages.
 */
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>

#include "fault.h"
#include "numa.h"

static bool harmless;

bool barlease_numa_harmless(void)
{
	return harmless;
}

#ifndef CONFIG_NUMA
void barlease_numa_init(void)
{
	harmless = true;
}

void barlease_numa_exit(void)
{
}
#elif defined(CONFIG_KPROBES) && defined(CONFIG_HAVE_FUNCTION_ARG_ACCESS_API)
/* In the place of the function that is probed, and with its arguments */
static int find_nothing(pmd_t *pmd, unsigned long address, unsigned long end,
			struct mm_walk *walk)
{
	return 0;
}

static int divert(struct kprobe *probe, struct pt_regs *regs)
{
	const struct mm_walk *walk = (void *)regs_get_kernel_argument(regs, 3);

	if (walk->vma->vm_ops != &barlease_vm_ops)
		return 0;

	instruction_pointer_set(regs, (unsigned long)find_nothing);
	return 1;
}

/* To have one tells the kernel that the other handler goes elsewhere. */
static void after(struct kprobe *probe, struct pt_regs *regs,
		  unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name	= "queue_folios_pte_range",
	.pre_handler	= divert,
	.post_handler	= after,
};

void barlease_numa_init(void)
{
	int ret = register_kprobe(&probe);

	harmless = !ret;
	if (ret)
		pr_warn("barlease-vfio-pci: no huge pages: cannot keep mbind() out of them (%d)\n",
			ret);
}

void barlease_numa_exit(void)
{
	if (harmless)
		unregister_kprobe(&probe);
}
#else
void barlease_numa_init(void)
{
	pr_warn("barlease-vfio-pci: no huge pages: cannot keep mbind() out of them without kprobes\n");
}

void barlease_numa_exit(void)
{
}
#endif
