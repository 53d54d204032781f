/* SPDX-License-Identifier: MIT */
/*
 * Config space of a VFIO device
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfio.h"

uint8_t config_get8(const struct vfio *vfio, unsigned int at);
uint16_t config_get16(const struct vfio *vfio, unsigned int at);
void config_put16(const struct vfio *vfio, unsigned int at, uint16_t value);
/* Returns 0 or a negative errno; @data may lie in a mapped BAR */
int config_write(const struct vfio *vfio, unsigned int at, const void *data,
		 size_t size);

/* PCI_COMMAND_MEMORY: whether the device answers at its BARs */
void memory_decode(const struct vfio *vfio, bool on);

/* Where the capability is, 0 when there is none */
unsigned int config_capability(const struct vfio *vfio, uint8_t id);

/* D0 is 0, D3hot is 3; the device must have a PM capability */
void set_power_state(const struct vfio *vfio, unsigned int state);
unsigned int power_state(const struct vfio *vfio);

#endif
