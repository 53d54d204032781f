// SPDX-License-Identifier: MIT
/*
 * The stock vfio-pci and this driver work side by side in one machine, and in
 * one reset domain
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "tap.h"

#define SEED	13
#define SIZE	MIB(4)
#define EDU_ID	0x010000edu

static void bind_to(struct bdf dev, const char *driver)
{
	is_ok(pci_bind(dev, driver), "%s is bound to %s", dev.name, driver);
}

static int probe(const struct vfio *vfio, uint32_t feature)
{
	return vfio_feature(vfio->device, feature, VFIO_DEVICE_FEATURE_PROBE,
			    NULL, 0);
}

static void stock_does_not_know(const struct vfio *stock)
{
	struct vfio_pci_dmabuf_revoke arg = { sizeof(arg), -1 };
	int ret = ioctl(stock->device, VFIO_DEVICE_PCI_DMABUF_REVOKE, &arg);

	is_error(ret ? -errno : 0, ENOTTY,
		 "the stock driver does not know the revoke ioctl: ENOTTY");
	is_error(probe(stock, BARLEASE_FEATURE_DMA_BUF_REVOKE), ENOTTY,
		 "nor the revoke feature");
	is_error(probe(stock, BARLEASE_FEATURE_DMA_BUF_MEMATTR), ENOTTY,
		 "nor the attribute feature");
	/* From 6.19 on, it may export DMABUFs that cannot be mapped */
	if (!kernel_at_least(6, 19))
		is_error(probe(stock, VFIO_DEVICE_FEATURE_DMA_BUF), ENOTTY,
			 "nor the export");
}

static void two_devices(void)
{
	struct vfio ours, stock;
	mapping_t at, bar;
	int lease;

	bind_to(dev_small(), STOCK_DRIVER);
	stock = vfio_open(dev_small());
	ours = vfio_open(dev_big());
	lease = lease_of(ours.device, BAR2, 0, SIZE);
	at = map(lease, 0, SIZE, RW);
	bar = map_bar(&stock, BAR2, 0, SIZE);

	pattern_fill(&ours, BAR2, 0, SIZE, PAGE, SEED);
	pattern_fill(&stock, BAR2, 0, SIZE, PAGE, SEED + 1);
	is_int(pattern_errors(at, 0, SIZE, PAGE, SEED), 0,
	       "a lease of our device works");
	is_int(pattern_errors(bar, 0, SIZE, PAGE, SEED + 1), 0,
	       "a BAR map of the stock driver's works");
	stock_does_not_know(&stock);
	is_int(probe(&ours, VFIO_DEVICE_FEATURE_DMA_BUF), 0,
	       "ours knows the export");
	is_error(lease_revoke(stock.device, lease), ENOTTY,
		 "the stock driver's device cannot revoke the lease: ENOTTY");
	is_ok(vfio_reset(&stock), "the stock driver's device is reset");
	is_int(pattern_errors(at, 0, SIZE, PAGE, SEED), 0, "the lease works");
	is_ok(lease_revoke(ours.device, lease), "the lease is revoked");
	sigbus(at, "it is SIGBUS");
	is_int(pattern_errors(bar, 0, SIZE, PAGE, SEED + 1), 0,
	       "the stock driver's BAR map works");

	unmap(at, SIZE);
	unmap(bar, SIZE);
	close(lease);
	vfio_close(&ours);
	vfio_close(&stock);
	bind_to(dev_small(), OUR_DRIVER);
}

static void one_reset_domain(void)
{
	struct vfio ours, stock;
	mapping_t at, bar;
	int lease;

	bind_to(dev_testdev(), STOCK_DRIVER);
	ours = vfio_open(dev_edu());
	stock = vfio_open_sibling(&ours, dev_testdev());
	lease = lease_of(ours.device, BAR0, 0, PAGE);
	at = map(lease, 0, PAGE, RW);
	bar = map_bar(&ours, BAR0, 0, PAGE);

	reads(at, EDU_ID, "a lease of our device works");
	reads(bar, EDU_ID, "so does a BAR map");
	is_ok(vfio_hot_reset(&stock),
	      "the stock driver's device, in the same slot, is hot-reset");
	is_int(pages_present(at, PAGE) + pages_present(bar, PAGE), 0,
	       "that took our pages away");
	reads(at, EDU_ID, "after it, the lease works");
	reads(bar, EDU_ID, "so does the BAR map");
	is_ok(vfio_hot_reset(&ours), "our device is hot-reset, and theirs with it");
	reads(at, EDU_ID, "after it, the lease works");

	unmap(at, PAGE);
	unmap(bar, PAGE);
	close(lease);
	vfio_close(&stock);
	vfio_close(&ours);
	bind_to(dev_testdev(), OUR_DRIVER);
}

int main(void)
{
	/* Before a device changes hands */
	if (kernel_is_32bit())
		skip_rest("a kernel of 32 bits maps no BAR but the first");
	is_int(module_load("vfio-pci", NULL), 0, "the stock vfio-pci is loaded");
	two_devices();
	one_reset_domain();
	stock_is_unloaded();
	return tap_done();
}
