// SPDX-License-Identifier: MIT
/*
 * What is not about leases is as with the stock vfio-pci: device, region and
 * interrupt information, config space and registers of every device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel.h"
#include "tap.h"
#include "vfio.h"

#define REGIONS	VFIO_PCI_NUM_REGIONS
#define IRQS	VFIO_PCI_NUM_IRQS
#define WORDS	8

/* All that a driver says about a device */
struct portrait {
	struct vfio_device_info device;
	int region_error[REGIONS];
	union {
		struct vfio_region_info info;
		uint8_t with_capabilities[1024];
	} region[REGIONS];
	int irq_error[IRQS];
	struct vfio_irq_info irq[IRQS];
	uint8_t config[256];
	uint32_t bar[6][WORDS];
};

static void regions(const struct vfio *vfio, struct portrait *portrait)
{
	for (int i = 0; i < REGIONS; i++) {
		struct vfio_region_info *info = &portrait->region[i].info;

		info->argsz = sizeof(portrait->region[i]);
		info->index = i;
		if (ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, info))
			portrait->region_error[i] = errno;
	}
}

static void irqs(const struct vfio *vfio, struct portrait *portrait)
{
	for (int i = 0; i < IRQS; i++) {
		portrait->irq[i].argsz = sizeof(portrait->irq[i]);
		portrait->irq[i].index = i;
		if (ioctl(vfio->device, VFIO_DEVICE_GET_IRQ_INFO,
			  &portrait->irq[i]))
			portrait->irq_error[i] = errno;
	}
}

/* The first words of each BAR that can be read */
static void bars(const struct vfio *vfio, struct portrait *portrait)
{
	for (unsigned int i = 0; i < 6; i++) {
		struct region region = vfio_region(vfio, i);

		if (!(region.flags & VFIO_REGION_INFO_FLAG_READ) ||
		    region.size < sizeof(portrait->bar[i]))
			continue;
		for (int word = 0; word < WORDS; word++)
			portrait->bar[i][word] = vfio_get32(vfio, i, word * 4);
	}
}

static struct portrait *portray(struct bdf dev)
{
	struct portrait *portrait = calloc(1, sizeof(*portrait));
	struct vfio vfio = vfio_open(dev);
	struct region config =
		vfio_region(&vfio, VFIO_PCI_CONFIG_REGION_INDEX);

	if (!portrait)
		bail("no memory");
	portrait->device.argsz = sizeof(portrait->device);
	if (ioctl(vfio.device, VFIO_DEVICE_GET_INFO, &portrait->device))
		bail("VFIO_DEVICE_GET_INFO: %s", strerror(errno));
	regions(&vfio, portrait);
	irqs(&vfio, portrait);
	bars(&vfio, portrait);
	if (pread(vfio.device, portrait->config, 256, config.offset) != 256)
		bail("config space: %s", strerror(errno));
	vfio_close(&vfio);
	return portrait;
}

static void same_regions(struct bdf dev, const struct portrait *ours,
			 const struct portrait *stock)
{
	for (int i = 0; i < REGIONS; i++)
		ok(ours->region_error[i] == stock->region_error[i] &&
		   !memcmp(ours->region[i].with_capabilities,
			   stock->region[i].with_capabilities,
			   sizeof(ours->region[i].with_capabilities)),
		   "%s: region %d is described alike", dev.name, i);
}

static void same(struct bdf dev, const struct portrait *ours,
		 const struct portrait *stock)
{
	ok(!memcmp(&ours->device, &stock->device, sizeof(ours->device)),
	   "%s: the device is described alike", dev.name);
	same_regions(dev, ours, stock);
	ok(!memcmp(ours->irq, stock->irq, sizeof(ours->irq)) &&
	   !memcmp(ours->irq_error, stock->irq_error, sizeof(ours->irq_error)),
	   "%s: its interrupts are described alike", dev.name);
	ok(!memcmp(ours->config, stock->config, sizeof(ours->config)),
	   "%s: its config space reads alike", dev.name);
	ok(!memcmp(ours->bar, stock->bar, sizeof(ours->bar)),
	   "%s: its BARs read alike", dev.name);
	ok(ours->device.num_regions >= REGIONS && ours->config[0] &&
	   ours->config[0] != 0xff,
	   "%s: there is something to compare", dev.name);
}

static void compare(struct bdf dev)
{
	struct portrait *ours = portray(dev), *stock;

	is_ok(pci_bind(dev, STOCK_DRIVER), "%s goes to the stock driver",
	      dev.name);
	stock = portray(dev);
	is_ok(pci_bind(dev, OUR_DRIVER), "%s comes back", dev.name);
	same(dev, ours, stock);
	free(ours);
	free(stock);
}

int main(void)
{
	is_int(module_load("vfio-pci", NULL), 0, "the stock vfio-pci is loaded");
	compare(dev_big());
	compare(dev_small());
	compare(dev_edu());
	compare(dev_testdev());
	compare(dev_display());
	stock_is_unloaded();
	return tap_done();
}
