/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which devices of a set the caller of a hot reset owns
 *
 * Copyright (C) 2026 The barlease authors
 *
 * vfio-pci-core asks the same, and has the last word. This is for what has to
 * be done before it is asked, to devices that are the caller's only.
 */
#ifndef BARLEASE_OWNED_H
#define BARLEASE_OWNED_H

#include <linux/types.h>

struct barlease_device;
struct iommufd_ctx;

/**
 * struct barlease_owner - what somebody shows to own devices
 * @iommufd: his iommufd, by which he opened a device; or NULL
 * @nr: how many groups he shows
 * @groups: their files, each with a reference
 */
struct barlease_owner {
	struct iommufd_ctx *iommufd;
	unsigned int nr;
	struct file **groups;
};

/**
 * barlease_owner_get() - what the caller of a hot reset shows
 * @owner: receives it; for barlease_owner_put()
 * @bdev: the device that he calls
 * @arg: of the call, struct vfio_pci_hot_reset
 * @most: how many groups can be of use
 *
 * What is wrong with it is for vfio-pci-core to say: nothing is shown, then.
 */
void barlease_owner_get(struct barlease_owner *owner,
			struct barlease_device *bdev, unsigned long arg,
			unsigned int most);
void barlease_owner_put(struct barlease_owner *owner);

bool barlease_owner_has(const struct barlease_owner *owner,
			struct barlease_device *bdev);

#endif /* BARLEASE_OWNED_H */
