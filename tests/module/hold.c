// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holding on to what a reset holds, for as long as a test likes
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Resets of emulated devices are over in no time, and no call of vfio-pci-core
 * has memory_lock while userspace can make it wait. So that a test can look
 * around while the lock is held, a call takes it and comes back only when
 * another one says so: a lock must not leave the kernel with its holder.
 */
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/uaccess.h>
#include <linux/vfio_pci_core.h>
#include <linux/wait.h>

#include "hold.h"
#include "ptwalk.h"

static DEFINE_MUTEX(one_at_a_time);
static DECLARE_WAIT_QUEUE_HEAD(changed);
static bool held, release;

static void set(bool *what, bool value)
{
	WRITE_ONCE(*what, value);
	wake_up_all(&changed);
}

static int until_released(void)
{
	int ret;

	set(&held, true);
	ret = wait_event_killable(changed, READ_ONCE(release));
	set(&held, false);
	return ret;
}

/* What pci_reset_function() does around a reset, without the reset */
static int hold_reset(struct pci_dev *pdev)
{
	const struct pci_error_handlers *handlers;
	int ret;

	device_lock(&pdev->dev);
	handlers = pdev->driver->err_handler;
	if (handlers->reset_prepare)
		handlers->reset_prepare(pdev);
	ret = until_released();
	if (handlers->reset_done)
		handlers->reset_done(pdev);
	device_unlock(&pdev->dev);
	return ret;
}

static int hold(struct pci_dev *pdev, u32 what)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);
	int ret;

	switch (what) {
	case BARLEASE_HOLD_FOR_READING:
		down_read(&core->memory_lock);
		ret = until_released();
		up_read(&core->memory_lock);
		return ret;
	case BARLEASE_HOLD_FOR_WRITING:
		down_write(&core->memory_lock);
		unmap_mapping_range(core->vdev.inode->i_mapping, 0, 0, true);
		ret = until_released();
		up_write(&core->memory_lock);
		return ret;
	case BARLEASE_HOLD_RESET:
		return hold_reset(pdev);
	default:
		return -EINVAL;
	}
}

long barlease_hold(void __user *arg)
{
	struct barlease_hold request;
	struct pci_dev *pdev;
	int ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;

	pdev = pci_get_domain_bus_and_slot(request.domain, request.bus,
					   request.devfn);
	if (!pdev)
		return -ENODEV;

	mutex_lock(&one_at_a_time);
	WRITE_ONCE(release, false);
	ret = pdev->driver ? hold(pdev, request.what) : -ENODEV;
	mutex_unlock(&one_at_a_time);
	pci_dev_put(pdev);
	return ret;
}

long barlease_held(void)
{
	return wait_event_killable(changed, READ_ONCE(held));
}

long barlease_release(void)
{
	set(&release, true);
	return wait_event_killable(changed, !READ_ONCE(held));
}
