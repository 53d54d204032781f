// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors of the link, and what the PCI core does about them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio_pci_core.h>

#include "access.h"
#include "device.h"
#include "error.h"
#include "importer.h"
#include "space.h"

/*
 * Older kernels do not say that a recovery has failed. One that succeeds takes
 * little more than a second.
 */
#define RECOVERY_TIMEOUT (5 * HZ)

static bool reads(struct pci_dev *pdev, int bar, u32 mask, u32 want)
{
	u32 value;

	pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0 + 4 * bar, &value);
	return (value & mask) == want;
}

static bool bar_in_place(struct pci_dev *pdev, int bar)
{
	unsigned long flags = pci_resource_flags(pdev, bar);
	u64 address;

	/* A fixed one is described elsewhere, by enhanced allocation. */
	if (!(flags & IORESOURCE_MEM) || (flags & IORESOURCE_PCI_FIXED) ||
	    !pci_resource_len(pdev, bar))
		return true;

	address = pci_bus_address(pdev, bar);
	return reads(pdev, bar, (u32)PCI_BASE_ADDRESS_MEM_MASK,
		     lower_32_bits(address)) &&
	       (!(flags & IORESOURCE_MEM_64) ||
		reads(pdev, bar + 1, ~0, upper_32_bits(address)));
}

static bool bars_in_place(struct pci_dev *pdev)
{
	int bar;

	/* A VF's BARs are its PF's. */
	if (pdev->is_virtfn)
		return pci_device_is_present(pdev);

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		if (!bar_in_place(pdev, bar))
			return false;
	return true;
}

/* Does the device answer where its mappings point to? */
static bool in_place(struct pci_dev *pdev)
{
	u16 command;

	pci_read_config_word(pdev, PCI_COMMAND, &command);
	return !PCI_POSSIBLE_ERROR(command) &&
	       (pdev->is_virtfn || (command & PCI_COMMAND_MEMORY)) &&
	       bars_in_place(pdev);
}

static void restore_config(struct barlease_device *bdev)
{
	struct pci_dev *pdev = bdev->core.pdev;

	if (bdev->config && !pci_load_saved_state(pdev, bdev->config))
		pci_restore_state(pdev);
}

static void come_back(struct barlease_device *bdev)
{
	restore_config(bdev);
	if (in_place(bdev->core.pdev))
		WRITE_ONCE(bdev->failed, false);
}

static void take_access_away(struct barlease_device *bdev)
{
	WRITE_ONCE(bdev->failed, true);
	/* Pairs with the one of who maps it for a device */
	smp_mb();
	/* Waited for before it can work again: by the reset, or the close. */
	barlease_importers_tell_all(bdev);
	barlease_access_drain(bdev);
	barlease_space_zap_all(bdev);
}

static void recovery_begins(struct barlease_device *bdev)
{
	bdev->reset_in_recovery = false;
	bdev->recovery_timeout = jiffies + RECOVERY_TIMEOUT;
	WRITE_ONCE(bdev->recovering, true);
}

static void recovery_ends(struct barlease_device *bdev)
{
	WRITE_ONCE(bdev->recovering, false);
	wake_up_all(&bdev->recovery_wait);
}

/* The owner may be quicker with its reset than the PCI core with the link's. */
static void recovery_done(struct barlease_device *bdev)
{
	recovery_ends(bdev);
	if (bdev->failed && bdev->reset_in_recovery)
		come_back(bdev);
}

pci_ers_result_t barlease_error_detected(struct pci_dev *pdev,
					 pci_channel_state_t state)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	if (state != pci_channel_io_normal) {
		mutex_lock(&bdev->error_lock);
		take_access_away(bdev);
		if (state == pci_channel_io_frozen)
			recovery_begins(bdev);
		else
			recovery_done(bdev);
		mutex_unlock(&bdev->error_lock);
	}

	return vfio_pci_core_aer_err_detected(pdev, state);
}

/*
 * After an error that was not fatal, a function beside this one may have asked
 * for the reset.
 */
pci_ers_result_t barlease_error_slot_reset(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	mutex_lock(&bdev->error_lock);
	if (!bars_in_place(pdev))
		take_access_away(bdev);
	mutex_unlock(&bdev->error_lock);
	return PCI_ERS_RESULT_RECOVERED;
}

void barlease_error_resume(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	mutex_lock(&bdev->error_lock);
	recovery_done(bdev);
	mutex_unlock(&bdev->error_lock);
}

/*
 * The PCI core has the device's lock while it resets the link, and so has who
 * calls this. If config space is lost already, the link's reset is over, and
 * whether the recovery has failed after it does not matter.
 */
void barlease_error_reset_prepare(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	mutex_lock(&bdev->error_lock);
	if (bdev->recovering &&
	    (time_after(jiffies, bdev->recovery_timeout) ||
	     !bars_in_place(pdev)))
		recovery_ends(bdev);
	mutex_unlock(&bdev->error_lock);

	barlease_reset_prepare(pdev);
}

/* Before those who wait for the end of the reset go on */
void barlease_error_reset_done(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	mutex_lock(&bdev->error_lock);
	if (bdev->recovering)
		bdev->reset_in_recovery = true;
	else if (bdev->failed)
		come_back(bdev);
	mutex_unlock(&bdev->error_lock);

	barlease_reset_done(pdev);
}

int barlease_error_before_open(struct barlease_device *bdev)
{
	struct device *dev = &bdev->core.pdev->dev;
	bool resumed;
	long ret;

	if (!READ_ONCE(bdev->failed))
		return 0;

	ret = wait_event_killable_timeout(bdev->recovery_wait,
					  !READ_ONCE(bdev->recovering),
					  RECOVERY_TIMEOUT);
	if (ret < 0)
		return -EINTR;

	/* Takes vfio-pci-core's memory_lock, which resets have outside of ours */
	resumed = pm_runtime_get_sync(dev) >= 0;
	/* vfio-pci-core takes config space as it finds it. */
	mutex_lock(&bdev->error_lock);
	bdev->recovering = false;
	if (resumed)
		restore_config(bdev);
	mutex_unlock(&bdev->error_lock);
	pm_runtime_put(dev);
	return 0;
}

void barlease_error_opened(struct barlease_device *bdev)
{
	struct pci_dev *pdev = bdev->core.pdev;

	mutex_lock(&bdev->error_lock);
	if (bdev->failed && !bdev->recovering && in_place(pdev))
		WRITE_ONCE(bdev->failed, false);
	if (!bdev->failed && !bdev->config)
		bdev->config = pci_store_saved_state(pdev);
	mutex_unlock(&bdev->error_lock);
}
