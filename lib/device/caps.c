// SPDX-License-Identifier: MIT
/*
 * What the kernel's driver can do: asked, never guessed from a version
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/barlease.h>

#include "device.h"
#include "feature.h"
#include "page.h"

/* barlease's number, and upstream's where the headers have one */
static uint32_t find_feature(int fd, uint32_t flags, uint32_t barlease,
			     uint32_t upstream)
{
	if (bl_feature_probe(fd, flags | barlease))
		return barlease;
	return bl_feature_probe(fd, flags | upstream) ? upstream : 0;
}

/* A driver that knows the call looks for the DMABUF, and finds none. */
static bool has_revoke_ioctl(int fd)
{
	struct vfio_pci_dmabuf_revoke request = {
		.argsz = sizeof(request),
		.dmabuf_fd = -1,
	};

	return ioctl(fd, VFIO_DEVICE_PCI_DMABUF_REVOKE, &request) &&
	       errno == EBADF;
}

/* The same: one that does not know the flag looks no further. */
static bool can_pause(const struct barlease_device *device)
{
	struct barlease_dma_buf_state state = {
		.dmabuf_fd = -1,
		.flags = BARLEASE_DMA_BUF_PAUSED,
	};

	return device->has_state &&
	       bl_feature(device->fd, VFIO_DEVICE_FEATURE_SET |
			  BARLEASE_FEATURE_DMA_BUF_STATE, &state,
			  sizeof(state)) == -EBADF;
}

bool bl_caps_ours(const struct barlease_device *device)
{
	return device->revoke == BARLEASE_FEATURE_DMA_BUF_REVOKE;
}

/*
 * A lease of one page, of whichever BAR has one to give. Of a BAR that begins
 * with the MSI-X table, too: it may be the only one.
 */
static int export_a_page(const struct barlease_device *device)
{
	const struct barlease_range page = { 0, bl_page() };
	int lease = -ENODEV;

	for (unsigned int i = 0; i < BARLEASE_BARS && lease < 0; i++) {
		struct barlease_bar bar;

		if (!barlease_device_bar(device, i, &bar) && bar.mappable)
			lease = barlease_export(device, i, &page, 1,
						BARLEASE_READ_ONLY |
						BARLEASE_MSIX);
	}
	return lease;
}

/*
 * Mainline has drivers that export for other devices only, and nothing says so
 * but the attempt. The page is mapped but never read: the device notices
 * nothing.
 */
static bool can_mmap(const struct barlease_device *device)
{
	int lease = export_a_page(device);
	void *at;

	if (lease < 0)
		return false;
	at = mmap(NULL, bl_page(), PROT_READ, MAP_SHARED, lease, 0);
	if (at != MAP_FAILED)
		munmap(at, bl_page());
	close(lease);
	return at != MAP_FAILED;
}

/*
 * barlease-vfio-pci counts importers where there can be any. With any other
 * driver there is no asking, but they are what mainline has this call for.
 */
static bool can_import(const struct barlease_device *device)
{
	return !bl_caps_ours(device) ||
	       bl_feature_probe(device->fd,
				VFIO_DEVICE_FEATURE_GET |
				BARLEASE_FEATURE_DMA_BUF_IMPORTERS);
}

void bl_caps_find(struct barlease_device *device)
{
	int fd = device->fd;

	/* Upstream's may have been given to the kernel's own DMABUFs. */
	device->export = find_feature(fd, VFIO_DEVICE_FEATURE_GET,
				      BARLEASE_FEATURE_LEASE,
				      VFIO_DEVICE_FEATURE_DMA_BUF);
	if (!device->export)
		return;

	device->caps = BARLEASE_CAN_EXPORT;
	device->revoke = find_feature(fd, VFIO_DEVICE_FEATURE_SET,
				      BARLEASE_FEATURE_DMA_BUF_REVOKE,
				      VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE);
	device->memattr = find_feature(fd, VFIO_DEVICE_FEATURE_SET,
				       BARLEASE_FEATURE_DMA_BUF_MEMATTR,
				       VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR);
	device->has_state = bl_caps_ours(device) &&
			    bl_feature_probe(fd, VFIO_DEVICE_FEATURE_GET |
					     BARLEASE_FEATURE_DMA_BUF_STATE);
	if (device->revoke || has_revoke_ioctl(fd))
		device->caps |= BARLEASE_CAN_REVOKE;
	if (device->memattr)
		device->caps |= BARLEASE_CAN_MEMATTR;
	if (can_pause(device))
		device->caps |= BARLEASE_CAN_PAUSE;
	if (can_mmap(device))
		device->caps |= BARLEASE_CAN_MMAP;
	if (can_import(device))
		device->caps |= BARLEASE_CAN_IMPORT;
}
