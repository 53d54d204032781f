/* SPDX-License-Identifier: MIT */
/*
 * What the driver's pure code needs of the kernel's <linux/pci.h>: a device
 * that is nothing but its config space
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SHIM_LINUX_PCI_H
#define SHIM_LINUX_PCI_H

#include <string.h>
#include <linux/pci_regs.h>
#include <linux/types.h>

#define PCI_STD_NUM_BARS	6
#define U64_MAX			UINT64_MAX
#define DIV_ROUND_UP(n, d)	div_round_up(n, d)

static inline u32 div_round_up(u32 n, u32 d)
{
	return (n + d - 1) / d;
}

struct pci_dev {
	u8 msix_cap;
	u8 config[256];
};

static inline int pci_read_config_word(const struct pci_dev *pdev, int at,
				       u16 *value)
{
	memcpy(value, pdev->config + at, sizeof(*value));
	return 0;
}

static inline int pci_read_config_dword(const struct pci_dev *pdev, int at,
					u32 *value)
{
	memcpy(value, pdev->config + at, sizeof(*value));
	return 0;
}

#endif
