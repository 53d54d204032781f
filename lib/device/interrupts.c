// SPDX-License-Identifier: MIT
/*
 * A device's interrupts, and who is told of them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "config.h"
#include "device.h"
#include "irq.h"

/* Of several kinds, the last that a device has is used */
static const struct {
	enum barlease_interrupt_kind kind;
	uint32_t index;
} kinds[] = {
	{ BARLEASE_INTX, VFIO_PCI_INTX_IRQ_INDEX },
	{ BARLEASE_MSI, VFIO_PCI_MSI_IRQ_INDEX },
	{ BARLEASE_MSIX_VECTORS, VFIO_PCI_MSIX_IRQ_INDEX },
};

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

void bl_interrupts_find(struct barlease_device *device)
{
	int nr = 0;

	for (size_t i = ARRAY_SIZE(kinds); i-- && nr <= 0;) {
		nr = bl_irq_count(device->fd, kinds[i].index);
		if (nr <= 0)
			continue;
		device->interrupts.kind = kinds[i].kind;
		device->interrupts.nr = nr;
		device->irq = kinds[i].index;
	}
}

int barlease_device_interrupts(const struct barlease_device *device,
			       struct barlease_interrupts *interrupts)
{
	*interrupts = device->interrupts;
	return 0;
}

int barlease_device_set_master(const struct barlease_device *device, bool on)
{
	struct bl_config config;
	uint32_t command, wanted;
	int ret = bl_config_find(device->fd, &config);

	if (ret)
		return ret;
	command = bl_config_get(&config, PCI_COMMAND, 2);
	wanted = on ? command | PCI_COMMAND_MASTER :
		      command & ~PCI_COMMAND_MASTER;
	/* While that is written, the kernel lets nobody fault on the device */
	return wanted == command ? 0 : bl_config_put(&config, PCI_COMMAND,
						     wanted, 2);
}

int barlease_device_enable_interrupts(const struct barlease_device *device)
{
	int nr = device->interrupts.nr, ret;

	if (!nr)
		return -ENODEV;
	if (device->interrupts.kind == BARLEASE_INTX)
		return nr;
	ret = barlease_device_set_master(device, true);
	if (ret || bl_irq_is_on(device->fd, device->irq))
		return ret ?: nr;
	/* The kernel may have room for fewer, and says for how many */
	do {
		ret = bl_irq_switch_on(device->fd, device->irq, nr);
		nr = ret > 0 && ret < nr ? ret : nr;
	} while (ret > 0);
	return ret ?: nr;
}

static int set_unmask(const struct barlease_device *device, int eventfd)
{
	return bl_irq_set(device->fd, device->irq, 0, VFIO_IRQ_SET_ACTION_UNMASK,
			  eventfd);
}

/*
 * Once it is on, it stays on: with nobody behind it masks itself, where the kernel
 * would let a line that is switched off stay high, among others' who share it.
 */
static int set_line(const struct barlease_device *device, int eventfd)
{
	int ret;

	if (eventfd < 0 && !bl_irq_is_on(device->fd, device->irq))
		return 0;
	ret = bl_irq_set(device->fd, device->irq, 0,
			 VFIO_IRQ_SET_ACTION_TRIGGER, eventfd);
	if (ret)
		return ret;
	/* The kernel keeps that one, for whoever has the line next */
	if (eventfd < 0)
		return set_unmask(device, -1);
	return bl_irq_unmask(device->fd, device->irq);
}

int barlease_device_set_interrupt(const struct barlease_device *device,
				  unsigned int vector, int eventfd)
{
	if (!device->interrupts.nr)
		return -ENODEV;
	if (vector >= device->interrupts.nr || eventfd < -1)
		return -EINVAL;
	if (device->interrupts.kind == BARLEASE_INTX)
		return set_line(device, eventfd);
	return bl_irq_set(device->fd, device->irq, vector,
			  VFIO_IRQ_SET_ACTION_TRIGGER, eventfd);
}

int barlease_device_set_unmask(const struct barlease_device *device,
			       int eventfd)
{
	int ret;

	if (device->interrupts.kind != BARLEASE_INTX)
		return -ENODEV;
	if (eventfd < -1)
		return -EINVAL;
	ret = set_unmask(device, eventfd);
	/* The kernel lets none take another's place */
	if (ret != -EBUSY || eventfd < 0)
		return ret;
	return set_unmask(device, -1) ?: set_unmask(device, eventfd);
}
