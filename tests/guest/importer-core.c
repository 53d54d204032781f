// SPDX-License-Identifier: MIT
/*
 * Where the administrator wants it, mainline's call exports the kernel's own
 * DMABUFs, and leases are had by a call of their own
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "importer.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

#define VALUE	0x7531

struct request {
	struct vfio_device_feature_dma_buf what;
	struct vfio_region_dma_range range;
};

static int export_by(const struct vfio *vfio, uint32_t feature)
{
	struct request request = {
		.what = {
			.region_index = BAR2,
			.open_flags = O_RDWR | O_CLOEXEC,
			.nr_ranges = 1,
		},
		.range = { 0, PAGE },
	};

	return vfio_feature(vfio->device, feature, VFIO_DEVICE_FEATURE_GET,
			    &request, sizeof(request));
}

static void is_lease(const struct vfio *small, uint32_t feature,
		     const char *what)
{
	int fd = export_by(small, feature);
	mapping_t at;

	ok(fd >= 0, "%s exports", what);
	at = map(fd, 0, PAGE, RW);
	reads(at, VALUE, "a lease, which can be mapped");
	is_ok(lease_revoke(small->device, fd), "and revoked");
	sigbus(at, "by itself");
	unmap(at, PAGE);
	close(fd);
}

static void is_kernels(const struct vfio *small)
{
	int fd = export_by(small, VFIO_DEVICE_FEATURE_DMA_BUF), importer;

	ok(fd >= 0, "mainline's call exports");
	is_error(try_map(fd, 0, PAGE, RW, MAP_SHARED), EINVAL,
		 "what no process can map: EINVAL");
	is_error(lease_revoke(small->device, fd), ENODEV,
		 "nor is it a lease: ENODEV");
	importer = importer_mapped(fd, dev_big(), BARLEASE_IMPORTER_AT_ONCE);
	ok(importer_has(importer), "a device can have it");
	is_ok(vfio_reset(small), "a reset works");
	ok(!importer_has(importer), "and takes it from the device");
	close(importer);
	close(fd);
}

static void switched(const struct vfio *small)
{
	int before = lease_of(small->device, BAR2, 0, PAGE);
	mapping_t at = map(before, 0, PAGE, RW);

	is_ok(pci_write(dev_small(), "barlease/dmabuf", "core"),
	      "the administrator wants the kernel's own");
	is_kernels(small);
	vfio_put32(small, BAR2, 0, VALUE);
	is_lease(small, BARLEASE_FEATURE_LEASE, "the call of its own");
	reads(at, VALUE, "a lease from before is one still");
	is_ok(pci_write(dev_small(), "barlease/dmabuf", "lease"),
	      "the administrator wants leases again");
	unmap(at, PAGE);
	close(before);
}

int main(void)
{
	struct vfio small = vfio_open(dev_small());
	char text[16];

	vfio_put32(&small, BAR2, 0, VALUE);
	is_ok(pci_read(dev_small(), "barlease/dmabuf", text, sizeof(text)),
	      "the kind of DMABUF can be read");
	ok(!strcmp(text, "lease"), "it is \"lease\": \"%s\"", text);
	is_lease(&small, VFIO_DEVICE_FEATURE_DMA_BUF, "mainline's call");
	is_lease(&small, BARLEASE_FEATURE_LEASE, "the call of its own");
	is_error(pci_write(dev_small(), "barlease/dmabuf", "both"), EINVAL,
		 "no other word is taken: EINVAL");
	if (importers_possible())
		switched(&small);
	else
		is_error(pci_write(dev_small(), "barlease/dmabuf", "core"),
			 EOPNOTSUPP, "this kernel has none: EOPNOTSUPP");
	is_lease(&small, VFIO_DEVICE_FEATURE_DMA_BUF, "in the end, mainline's");
	vfio_close(&small);
	return tap_done();
}
