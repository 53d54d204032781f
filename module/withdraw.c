// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of the owner that may take the device's memory away for a while
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/pci.h>
#include <linux/vfio_pci_core.h>

#include "device.h"
#include "importer.h"
#include "withdraw.h"

/**
 * struct field - a part of config space
 * @at: where it begins; 0 where the device has no such capability
 * @size: in bytes
 */
struct field {
	int at;
	int size;
};

static int capability(u8 at, int offset)
{
	return at ? at + offset : 0;
}

/* Decoding of memory, power states, and resets of the function */
static bool withdraws(struct barlease_device *bdev, u64 start, u64 end)
{
	struct pci_dev *pdev = bdev->core.pdev;
	const struct field fields[] = {
		{ PCI_COMMAND, 2 },
		{ capability(pdev->pm_cap, PCI_PM_CTRL), 2 },
		{ capability(pci_pcie_cap(pdev), PCI_EXP_DEVCTL), 2 },
		{ capability(bdev->af_cap, PCI_AF_CTRL), 1 },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].at && start < fields[i].at + fields[i].size &&
		    fields[i].at < end)
			return true;
	return false;
}

void barlease_withdraw_find(struct barlease_device *bdev)
{
	bdev->af_cap = pci_find_capability(bdev->core.pdev, PCI_CAP_ID_AF);
}

static bool write_withdraws(struct barlease_device *bdev, loff_t pos,
			    size_t count)
{
	u64 start = pos & VFIO_PCI_OFFSET_MASK;

	return VFIO_PCI_OFFSET_TO_INDEX(pos) == VFIO_PCI_CONFIG_REGION_INDEX &&
	       start < PCI_CFG_SPACE_SIZE &&
	       withdraws(bdev, start,
			 start + min_t(size_t, count, PCI_CFG_SPACE_SIZE));
}

ssize_t barlease_device_write(struct vfio_device *vfio, const char __user *buf,
			      size_t count, loff_t *ppos)
{
	struct barlease_device *bdev = barlease_from_vfio(vfio);
	ssize_t ret;

	if (!write_withdraws(bdev, *ppos, count))
		return vfio_pci_core_write(vfio, buf, count, ppos);

	ret = barlease_importers_forbid_killable(bdev);
	if (ret)
		return ret;

	ret = vfio_pci_core_write(vfio, buf, count, ppos);
	barlease_importers_allow(bdev);
	return ret;
}

long barlease_ioctl_reset(struct barlease_device *bdev, unsigned long arg)
{
	long ret;

	ret = barlease_importers_forbid_killable(bdev);
	if (ret)
		return ret;

	ret = vfio_pci_core_ioctl(&bdev->core.vdev, VFIO_DEVICE_RESET, arg);
	barlease_importers_allow(bdev);
	return ret;
}

int barlease_feature_low_power(struct barlease_device *bdev, u32 flags,
			       void __user *arg, size_t argsz)
{
	int ret;

	if (flags & VFIO_DEVICE_FEATURE_PROBE)
		return vfio_pci_core_ioctl_feature(&bdev->core.vdev, flags, arg,
						   argsz);

	ret = barlease_importers_forbid_killable(bdev);
	if (ret)
		return ret;

	ret = vfio_pci_core_ioctl_feature(&bdev->core.vdev, flags, arg, argsz);
	barlease_importers_allow(bdev);
	return ret;
}
