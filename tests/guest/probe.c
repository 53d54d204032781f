// SPDX-License-Identifier: MIT
/*
 * A program can ask which calls there are, before it needs them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>

#include "fds.h"
#include "lease.h"
#include "tap.h"
#include "vfio.h"

#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET
#define PROBE	VFIO_DEVICE_FEATURE_PROBE

static struct vfio small;

static int probe(uint32_t feature, uint32_t flags)
{
	return vfio_feature(small.device, feature, PROBE | flags, NULL, 0);
}

static void can(uint32_t feature, uint32_t flags, bool want, const char *what)
{
	if (want)
		is_int(probe(feature, flags), 0, "%s: yes", what);
	else
		is_error(probe(feature, flags), EINVAL, "%s: EINVAL", what);
}

static void export(void)
{
	const uint32_t feature = VFIO_DEVICE_FEATURE_DMA_BUF;

	can(feature, 0, true, "PROBE of DMA_BUF");
	can(feature, GET, true, "PROBE of GET DMA_BUF");
	can(feature, SET, false, "PROBE of SET DMA_BUF");
	can(feature, GET | SET, false, "PROBE of GET and SET DMA_BUF");
}

static void revoke(uint32_t feature, const char *name)
{
	diag("%s, number %#x", name, feature);
	can(feature, 0, true, "PROBE of DMA_BUF_REVOKE");
	can(feature, SET, true, "PROBE of SET DMA_BUF_REVOKE");
	can(feature, GET, false, "PROBE of GET DMA_BUF_REVOKE");
	can(feature, GET | SET, false, "PROBE of GET and SET DMA_BUF_REVOKE");
}

static void memattr(uint32_t feature, const char *name)
{
	diag("%s, number %#x", name, feature);
	can(feature, 0, true, "PROBE of DMA_BUF_MEMATTR");
	can(feature, SET, true, "PROBE of SET DMA_BUF_MEMATTR");
	can(feature, GET, true, "PROBE of GET DMA_BUF_MEMATTR");
	can(feature, GET | SET, true,
	    "PROBE of GET and SET DMA_BUF_MEMATTR");
}

static void bar_memattr(void)
{
	const uint32_t feature = BARLEASE_FEATURE_BAR_MEMATTR;

	can(feature, 0, true, "PROBE of BAR_MEMATTR");
	can(feature, SET, true, "PROBE of SET BAR_MEMATTR");
	can(feature, GET, true, "PROBE of GET BAR_MEMATTR");
	can(feature, GET | SET, true, "PROBE of GET and SET BAR_MEMATTR");
}

static void get_of_what_can_only_be_set(void)
{
	struct vfio_device_feature_dma_buf_revoke arg = { -1 };

	is_error(vfio_feature(small.device, VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE,
			      GET, &arg, sizeof(arg)), EINVAL,
		 "GET DMA_BUF_REVOKE itself: EINVAL");
}

static void unknown(void)
{
	static const uint32_t numbers[] = { 0xba00, 0xba0f, 0xbaff, 0xfffe,
					    1000 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		is_error(probe(numbers[i], 0), ENOTTY,
			 "PROBE of feature %#x, which nobody has: ENOTTY",
			 numbers[i]);
		is_error(probe(numbers[i], GET), ENOTTY,
			 "PROBE of its GET: ENOTTY");
	}
}

/* What vfio-pci-core itself can do goes through */
static void of_the_core(void)
{
	is_error(probe(VFIO_DEVICE_FEATURE_PCI_VF_TOKEN, SET), ENOTTY,
		 "PROBE of PCI_VF_TOKEN of a device without virtual functions: ENOTTY");
	can(VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, SET, true,
	    "PROBE of SET LOW_POWER_ENTRY");
	can(VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, SET, true,
	    "PROBE of SET LOW_POWER_EXIT");
}

/* The ioctl has no PROBE; but ENOTTY would mean that it is not there */
static void ioctl_form(void)
{
	struct vfio_pci_dmabuf_revoke arg = { sizeof(arg), -1 };
	int ret = ioctl(small.device, VFIO_DEVICE_PCI_DMABUF_REVOKE, &arg);

	is_error(ret ? -errno : 0, EBADF,
		 "VFIO_DEVICE_PCI_DMABUF_REVOKE of fd -1: EBADF, so it is there");
}

int main(void)
{
	int fds;

	small = vfio_open(dev_small());
	fds = fds_open();
	export();
	revoke(VFIO_DEVICE_FEATURE_DMA_BUF_REVOKE, "the header's number");
	revoke(BARLEASE_FEATURE_DMA_BUF_REVOKE, "barlease's number");
	memattr(VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR, "the header's number");
	memattr(BARLEASE_FEATURE_DMA_BUF_MEMATTR, "barlease's number");
	bar_memattr();
	get_of_what_can_only_be_set();
	unknown();
	of_the_core();
	ioctl_form();
	is_int(fds_open(), fds, "asking opened nothing");
	vfio_close(&small);
	return tap_done();
}
