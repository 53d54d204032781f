// SPDX-License-Identifier: MIT
/*
 * Every way in which VFIO_DEVICE_PCI_DMABUF_REVOKE is refused
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "edge.h"
#include "revoke-errors.h"
#include "tap.h"

static int sized(int device, int dmabuf, size_t argsz)
{
	struct vfio_pci_dmabuf_revoke arg = { argsz, dmabuf };

	return ioctl(device, VFIO_DEVICE_PCI_DMABUF_REVOKE, &arg) ? -errno : 0;
}

static int unmapped(int device, size_t mapped)
{
	struct vfio_pci_dmabuf_revoke arg = { sizeof(arg), -1 };

	return edge_ioctl(device, VFIO_DEVICE_PCI_DMABUF_REVOKE, &arg, mapped);
}

int main(void)
{
	static const struct revoke_form form = {
		.by = BY_IOCTL,
		.sized = sized,
		.argsz = sizeof(struct vfio_pci_dmabuf_revoke),
		.unmapped = unmapped,
		.header = sizeof(__u32),
	};

	revoke_errors(&form);
	return tap_done();
}
