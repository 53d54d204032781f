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
#include "importer.h"
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
 * Queue up for memory_lock, so that who resets again and again lets others in.
 * Who has raised @resetting waits for those who are in the queue by then.
 */
static bool enter_queue(struct barlease_device *bdev)
{
	atomic_inc(&bdev->queued);
	/* Pairs with the one in barlease_access_forbid() */
	smp_mb__after_atomic();
	return !resetting(bdev);
}

static void leave_queue(struct barlease_device *bdev)
{
	if (atomic_dec_and_test(&bdev->queued))
		wake_up_all(&bdev->reset_wait);
}

/* With memory_lock held, which it lets go of where there is a reset. */
static bool enter_locked(struct barlease_device *bdev, int *token)
{
	keep_cpu();
	*token = srcu_read_lock(&bdev->reset_srcu);
	__release(&bdev->reset_srcu);
	if (likely(!resetting(bdev)))
		return true;

	barlease_access_end(bdev, *token);
	return false;
}

void barlease_access_begin(struct barlease_device *bdev, int *token)
{
	bool inside = false;

	while (!inside) {
		wait_event(bdev->reset_wait, !resetting(bdev));
		if (enter_queue(bdev)) {
			down_read(&bdev->core.memory_lock);
			inside = enter_locked(bdev, token);
		}
		leave_queue(bdev);
	}
}

void barlease_access_wait_killable(struct barlease_device *bdev)
{
	if (wait_event_killable(bdev->reset_wait, !resetting(bdev)))
		return;

	if (enter_queue(bdev) && !down_read_killable(&bdev->core.memory_lock))
		up_read(&bdev->core.memory_lock);
	leave_queue(bdev);

	/*
	 * A lock that a writer waits for can still be had by a reader in the
	 * queue, but not by trying. Let the writer come first, rather than try
	 * over and over until it has.
	 */
	if (rwsem_is_contended(&bdev->core.memory_lock))
		usleep_range(20, 100);
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
	/* Pairs with the one in enter_queue() */
	smp_mb__after_atomic();
	barlease_access_drain(bdev);
}

void barlease_access_drain_queue(struct barlease_device *bdev)
{
	wait_event(bdev->reset_wait, !atomic_read(&bdev->queued));
}

void barlease_access_allow(struct barlease_device *bdev)
{
	if (atomic_dec_and_test(&bdev->resetting))
		wake_up_all(&bdev->reset_wait);
}

void barlease_reset_prepare(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	/* Where the owner asks for the reset, that was before memory_lock. */
	barlease_importers_forbid(bdev);
	barlease_access_forbid(bdev);
	barlease_space_zap_all(bdev);
}

void barlease_reset_done(struct pci_dev *pdev)
{
	struct barlease_device *bdev = barlease_from_pci(pdev);

	barlease_access_allow(bdev);
	barlease_importers_allow(bdev);
}
