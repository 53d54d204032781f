// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which devices of a set the caller of a hot reset owns
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "device.h"
#include "owned.h"

static void get_groups(struct barlease_owner *owner, const s32 *fds,
		       unsigned int nr)
{
	struct file *file;

	owner->groups = kcalloc(nr, sizeof(*owner->groups), GFP_KERNEL);
	if (!owner->groups)
		return;

	while (owner->nr < nr && (file = fget(fds[owner->nr])))
		owner->groups[owner->nr++] = file;
}

void barlease_owner_get(struct barlease_owner *owner,
			struct barlease_device *bdev, unsigned long arg,
			unsigned int most)
{
	struct vfio_pci_hot_reset __user *user = (void __user *)arg;
	struct vfio_pci_hot_reset request;
	s32 *fds;

	*owner = (struct barlease_owner){};
	if (copy_from_user(&request, user, sizeof(request)))
		return;

	if (!request.count) {
		owner->iommufd = vfio_iommufd_device_ictx(&bdev->core.vdev);
		return;
	}

	if (request.count > most)
		return;

	fds = memdup_user(user->group_fds, request.count * sizeof(*fds));
	if (IS_ERR(fds))
		return;

	get_groups(owner, fds, request.count);
	kfree(fds);
}

void barlease_owner_put(struct barlease_owner *owner)
{
	while (owner->nr)
		fput(owner->groups[--owner->nr]);
	kfree(owner->groups);
}

bool barlease_owner_has(const struct barlease_owner *owner,
			struct barlease_device *bdev)
{
	struct vfio_device *vfio = &bdev->core.vdev;
	unsigned int i;
	int id;

	if (owner->iommufd) {
		/* Not bound to it, and of a group that is: nobody else's */
		id = vfio_iommufd_get_dev_id(vfio, owner->iommufd);
		return id > 0 || id == -ENOENT;
	}

	for (i = 0; i < owner->nr; i++)
		if (vfio_file_has_dev(owner->groups[i], vfio))
			return true;
	return false;
}
