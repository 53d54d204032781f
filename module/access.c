// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the device's memory may be mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/delay.h>
#include <linux/pci.h>

#include "access.h"
#include "compat.h"
#include "device.h"
#include "space.h"

static bool resetting(struct barlease_device *bdev)
{
	return READ_ONCE(bdev->resetting);
}

/*
 * With memory_lock held for reading; keeps it only on success. Sparse cannot
 * follow that, so it is told nothing of the SRCU section.
 */
static bool enter(struct barlease_device *bdev, int *token)
{
	*token = srcu_read_lock(&bdev->reset_srcu);
	__release(&bdev->reset_srcu);
	if (likely(!resetting(bdev)))
		return true;

	barlease_access_end(bdev, *token);
	return false;
}

bool barlease_access_trybegin(struct barlease_device *bdev, int *token)
{
	return down_read_trylock(&bdev->core.memory_lock) &&
	       enter(bdev, token);
}

void barlease_access_begin(struct barlease_device *bdev, int *token)
{
	down_read(&bdev->core.memory_lock);
	while (!enter(bdev, token)) {
		wait_event(bdev->reset_wait, !resetting(bdev));
		down_read(&bdev->core.memory_lock);
	}
}

void barlease_access_end(struct barlease_device *bdev, int token)
{
	__acquire(&bdev->reset_srcu);
	srcu_read_unlock(&bdev->reset_srcu, token);
	up_read(&bdev->core.memory_lock);
}

void barlease_access_wait_killable(struct barlease_device *bdev)
{
	if (wait_event_killable(bdev->reset_wait, !resetting(bdev)))
		return;

	if (!down_read_killable(&bdev->core.memory_lock))
		up_read(&bdev->core.memory_lock);

	/*
	 * A lock that a writer waits for can still be had by a reader that is
	 * ready to wait, but not by trying. Let the writer come first, rather
	 * than try over and over until it has.
	 */
	if (rwsem_is_contended(&bdev->core.memory_lock))
		usleep_range(20, 100);
}

bool barlease_access_possible(struct barlease_device *bdev)
{
	lockdep_assert_held(&bdev->core.memory_lock);

	return !bdev->core.pm_runtime_engaged &&
	       __vfio_pci_memory_enabled(&bdev->core);
}

void barlease_reset_prepare(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	WRITE_ONCE(bdev->resetting, true);
	/* Who did not see that is done inserting after this, and zapped. */
	synchronize_srcu_expedited(&bdev->reset_srcu);
	barlease_space_zap_all(bdev);
}

void barlease_reset_done(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	WRITE_ONCE(bdev->resetting, false);
	wake_up_all(&bdev->reset_wait);
}
