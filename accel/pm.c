// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runtime power management
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The device has no states of power. What it loses when it is "suspended" is the
 * bus, so that a DMA which nobody counts reaches no memory.
 */
#include <linux/pci.h>
#include <linux/pm_runtime.h>

#include "device.h"
#include "pm.h"

#define AUTOSUSPEND_MS	50

static int suspend(struct device *dev)
{
	pci_clear_master(to_pci_dev(dev));
	return 0;
}

static int resume(struct device *dev)
{
	struct edu_device *edu = dev_get_drvdata(dev);

	if (edu_inject(&edu->inject.fail_resume))
		return -EIO;
	if (!edu_dma_answers(edu))
		return -ENODEV;
	pci_set_master(to_pci_dev(dev));
	return 0;
}

const struct dev_pm_ops edu_pm_ops = {
	RUNTIME_PM_OPS(suspend, resume, NULL)
};

/* The PCI core has counted us as a user, and lets no device sleep unasked. */
void edu_pm_init(struct edu_device *edu)
{
	struct device *dev = edu->drm.dev;

	pm_runtime_set_autosuspend_delay(dev, AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_allow(dev);
	edu_pm_put(edu);
}

void edu_pm_fini(struct edu_device *edu)
{
	struct device *dev = edu->drm.dev;

	pm_runtime_get_noresume(dev);
	pm_runtime_forbid(dev);
	pm_runtime_dont_use_autosuspend(dev);
}

void edu_pm_put(struct edu_device *edu)
{
	pm_runtime_mark_last_busy(edu->drm.dev);
	pm_runtime_put_autosuspend(edu->drm.dev);
}

/*
 * The core remembers such an error, and fails every resume to come, until it is
 * told what state the device is in: the one that it was in.
 */
void edu_pm_forget_error(struct edu_device *edu)
{
	if (edu->drm.dev->power.runtime_error)
		pm_runtime_set_suspended(edu->drm.dev);
}
