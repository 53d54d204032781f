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
#include "importer.h"
#include "owned.h"

/**
 * struct member - a device of a set that has this driver
 * @bdev: the device, with a reference
 * @alone: no importer may have a mapping, for the caller owns it
 */
struct member {
	struct barlease_device *bdev;
	bool alone;
};

struct members {
	unsigned int nr;
	struct member member[];
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

	members = kzalloc(struct_size(members, member, room), GFP_KERNEL);
	if (members) {
		list_for_each_entry(vfio, &dev_set->device_list, dev_set_list) {
			if (!is_ours(vfio))
				continue;
			get_device(&vfio->device);
			members->member[members->nr++].bdev =
				barlease_from_vfio(vfio);
		}
	}
	mutex_unlock(&dev_set->lock);
	return members;
}

static void put_members(struct members *members)
{
	while (members->nr)
		put_device(&members->member[--members->nr].bdev->core.vdev.device);
	kfree(members);
}

static long reset(struct barlease_device *bdev, unsigned long arg)
{
	return vfio_pci_core_ioctl(&bdev->core.vdev, VFIO_DEVICE_PCI_HOT_RESET,
				   arg);
}

/* Once more where it was -EBUSY, with faults kept out */
static long reset_after_all(struct barlease_device *bdev, unsigned long arg,
			    const struct members *members)
{
	unsigned int i;
	long ret;

	ret = reset(bdev, arg);
	if (ret != -EBUSY)
		return ret;

	for (i = 0; i < members->nr; i++)
		barlease_access_forbid(members->member[i].bdev);
	for (i = 0; i < members->nr; i++)
		barlease_access_drain_queue(members->member[i].bdev);
	ret = reset(bdev, arg);
	for (i = 0; i < members->nr; i++)
		barlease_access_allow(members->member[i].bdev);
	return ret;
}

/*
 * Importers have to be gone before vfio-pci-core takes the devices' locks. Those
 * of devices that the caller does not own are left alone: the reset is refused.
 */
static int forbid_importers(struct barlease_device *bdev, unsigned long arg,
			    struct members *members)
{
	struct barlease_owner owner;
	unsigned int i;
	int ret = 0;

	barlease_owner_get(&owner, bdev, arg, members->nr);
	for (i = 0; !ret && i < members->nr; i++) {
		struct member *member = &members->member[i];

		if (!barlease_owner_has(&owner, member->bdev))
			continue;
		ret = barlease_importers_forbid_killable(member->bdev);
		member->alone = !ret;
	}
	barlease_owner_put(&owner);
	return ret;
}

static void allow_importers(const struct members *members)
{
	unsigned int i;

	for (i = 0; i < members->nr; i++)
		if (members->member[i].alone)
			barlease_importers_allow(members->member[i].bdev);
}

long barlease_ioctl_hot_reset(struct barlease_device *bdev, unsigned long arg)
{
	struct members *members;
	long ret;

	members = get_members(bdev->core.vdev.dev_set);
	if (!members)
		return -ENOMEM;

	ret = forbid_importers(bdev, arg, members);
	if (!ret)
		ret = reset_after_all(bdev, arg, members);
	allow_importers(members);
	put_members(members);
	return ret;
}
