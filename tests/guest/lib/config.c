// SPDX-License-Identifier: MIT
/*
 * Config space of a VFIO device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "config.h"
#include "tap.h"

static uint64_t address(const struct vfio *vfio, unsigned int at)
{
	return vfio_region(vfio, VFIO_PCI_CONFIG_REGION_INDEX).offset + at;
}

static void get(const struct vfio *vfio, unsigned int at, void *data,
		size_t size)
{
	if (pread(vfio->device, data, size, address(vfio, at)) != (ssize_t)size)
		bail("reading config space at %#x: %s", at, strerror(errno));
}

uint8_t config_get8(const struct vfio *vfio, unsigned int at)
{
	uint8_t value;

	get(vfio, at, &value, sizeof(value));
	return value;
}

uint16_t config_get16(const struct vfio *vfio, unsigned int at)
{
	uint16_t value;

	get(vfio, at, &value, sizeof(value));
	return value;
}

int config_write(const struct vfio *vfio, unsigned int at, const void *data,
		 size_t size)
{
	ssize_t n = pwrite(vfio->device, data, size, address(vfio, at));

	if (n < 0)
		return -errno;
	return n == (ssize_t)size ? 0 : -EIO;
}

void config_put16(const struct vfio *vfio, unsigned int at, uint16_t value)
{
	int ret = config_write(vfio, at, &value, sizeof(value));

	if (ret)
		bail("writing config space at %#x: %s", at, strerror(-ret));
}

void memory_decode(const struct vfio *vfio, bool on)
{
	uint16_t command = config_get16(vfio, PCI_COMMAND);

	command &= ~PCI_COMMAND_MEMORY;
	if (on)
		command |= PCI_COMMAND_MEMORY;
	config_put16(vfio, PCI_COMMAND, command);
}

unsigned int config_capability(const struct vfio *vfio, uint8_t id)
{
	unsigned int at;

	if (!(config_get16(vfio, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	at = config_get8(vfio, PCI_CAPABILITY_LIST) & ~3u;
	/* At most as many as there is room for, should the list be circular */
	for (int i = 0; at && i < 48; i++) {
		if (config_get8(vfio, at + PCI_CAP_LIST_ID) == id)
			return at;
		at = config_get8(vfio, at + PCI_CAP_LIST_NEXT) & ~3u;
	}
	return 0;
}

static unsigned int power_control(const struct vfio *vfio)
{
	unsigned int at = config_capability(vfio, PCI_CAP_ID_PM);

	if (!at)
		bail("%s has no PM capability", vfio->bdf.name);
	return at + PCI_PM_CTRL;
}

void set_power_state(const struct vfio *vfio, unsigned int state)
{
	unsigned int at = power_control(vfio);
	uint16_t control = config_get16(vfio, at);

	control = (control & ~PCI_PM_CTRL_STATE_MASK) | state;
	config_put16(vfio, at, control);
}

unsigned int power_state(const struct vfio *vfio)
{
	return config_get16(vfio, power_control(vfio)) & PCI_PM_CTRL_STATE_MASK;
}
