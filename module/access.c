// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the device's memory may be mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/delay.h>
#include <linux/pci.h>
#include <linux/preempt.h>

#include "access.h"
#include "compat.h"
#include "device.h"
#include "space.h"

static bool resetting(struct barlease_device *bdev)
{
	return atomic_read(&bdev->resetting);
}

/* With PREEMPT_RT a page table's lock may sleep. */
static void keep_cpu(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_disable();
}

static void yield_cpu(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		preempt_enable();
}

/* Sparse cannot follow, so it is told nothing of the SRCU section. */
bool barlease_access_trybegin(struct barlease_device *bdev, int *token)
{
	keep_cpu();
	*token = srcu_read_lock(&bdev->reset_srcu);
	__release(&bdev->reset_srcu);
	if (likely(!resetting(bdev)) &&
	    down_read_trylock(&bdev->core.memory_lock))
		return true;

	__acquire(&bdev->reset_srcu);
	srcu_read_unlock(&bdev->reset_srcu, *token);
	yield_cpu();
	return false;
}

void barlease_access_end(struct barlease_device *bdev, int token)
{
	up_read(&bdev->core.memory_lock);
	__acquire(&bdev->reset_srcu);
	srcu_read_unlock(&bdev->reset_srcu, token);
	yield_cpu();
}

/*
 * Who holds memory_lock without @resetting does not have it for long. To queue
 * up for the lock would mean to hold it for a moment outside of the section.
 */
static void wait_for_lock(void)
{
	usleep_range(20, 100);
}

void barlease_access_begin(struct barlease_device *bdev, int *token)
{
	while (!barlease_access_trybegin(bdev, token)) {
		wait_event(bdev->reset_wait, !resetting(bdev));
		wait_for_lock();
	}
}

void barlease_access_wait_killable(struct barlease_device *bdev)
{
	int token;

	while (!wait_event_killable(bdev->reset_wait, !resetting(bdev))) {
		if (barlease_access_trybegin(bdev, &token)) {
			barlease_access_end(bdev, token);
			return;
		}
		if (fatal_signal_pending(current))
			return;
		wait_for_lock();
	}
}

bool barlease_access_possible(struct barlease_device *bdev)
{
	lockdep_assert_held(&bdev->core.memory_lock);

	return !READ_ONCE(bdev->failed) && !bdev->core.pm_runtime_engaged &&
	       __vfio_pci_memory_enabled(&bdev->core);
}

void barlease_access_drain(struct barlease_device *bdev)
{
	synchronize_srcu_expedited(&bdev->reset_srcu);
}

void barlease_access_forbid(struct barlease_device *bdev)
{
	atomic_inc(&bdev->resetting);
	barlease_access_drain(bdev);
}

void barlease_access_allow(struct barlease_device *bdev)
{
	if (atomic_dec_and_test(&bdev->resetting))
		wake_up_all(&bdev->reset_wait);
}

void barlease_reset_prepare(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	barlease_access_forbid(bdev);
	barlease_space_zap_all(bdev);
}

void barlease_reset_done(struct pci_dev *pdev)
{
	barlease_access_allow(barlease_from_pci(pdev));
}
