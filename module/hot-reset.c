// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot resets that faults cannot keep off
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A hot reset wants memory_lock of every device of the set, and only tries each.
 * One fault of a client at that moment, on any of them, and it is -EBUSY. So
 * where it was, it gets a second try, with faults kept out.
 *
 * Not right away: vfio-pci-core has not said before whether the caller owns all
 * devices of the set, and who does not is not to stop their clients.
 */
#include <linux/slab.h>
#include <linux/vfio.h>

#include "access.h"
#include "compat.h"
#include "device.h"
#include "hot-reset.h"

/* The devices of a set that have this driver, each with a reference */
struct members {
	unsigned int nr;
	struct barlease_device *bdev[];
};

static bool is_ours(const struct vfio_device *vfio)
{
	return vfio->ops == &barlease_device_ops;
}

static struct members *get_members(struct vfio_device_set *dev_set)
{
	struct members *members;
	struct vfio_device *vfio;
	unsigned int room = 0;

	mutex_lock(&dev_set->lock);
	list_for_each_entry(vfio, &dev_set->device_list, dev_set_list)
		room++;

	members = kzalloc(struct_size(members, bdev, room), GFP_KERNEL);
	if (members) {
		list_for_each_entry(vfio, &dev_set->device_list, dev_set_list) {
			if (!is_ours(vfio))
				continue;
			get_device(&vfio->device);
			members->bdev[members->nr++] = barlease_from_vfio(vfio);
		}
	}
	mutex_unlock(&dev_set->lock);
	return members;
}

static void put_members(struct members *members)
{
	while (members->nr)
		put_device(&members->bdev[--members->nr]->core.vdev.device);
	kfree(members);
}

static long reset(struct barlease_device *bdev, unsigned long arg)
{
	return vfio_pci_core_ioctl(&bdev->core.vdev, VFIO_DEVICE_PCI_HOT_RESET,
				   arg);
}

long barlease_ioctl_hot_reset(struct barlease_device *bdev, unsigned long arg)
{
	struct members *members;
	unsigned int i;
	long ret;

	ret = reset(bdev, arg);
	if (ret != -EBUSY)
		return ret;

	members = get_members(bdev->core.vdev.dev_set);
	if (!members)
		return -ENOMEM;

	for (i = 0; i < members->nr; i++)
		barlease_access_forbid(members->bdev[i]);
	for (i = 0; i < members->nr; i++)
		barlease_access_drain_queue(members->bdev[i]);
	ret = reset(bdev, arg);
	for (i = 0; i < members->nr; i++)
		barlease_access_allow(members->bdev[i]);

	put_members(members);
	return ret;
}
