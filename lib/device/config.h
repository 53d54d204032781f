/* SPDX-License-Identifier: MIT */
/*
 * A device's config space
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#include <stddef.h>
#include <stdint.h>

/* Where it is in the device's fd */
struct bl_config {
	int fd;
	uint64_t offset;
};

/* Return: 0; errors of ioctl() */
int bl_config_find(int device, struct bl_config *config);

/* Little-endian, of up to 4 bytes; 0 where it cannot be read */
uint32_t bl_config_get(const struct bl_config *config, unsigned int at,
		       size_t bytes);
/* Return: 0; errors of pwrite() */
int bl_config_put(const struct bl_config *config, unsigned int at,
		  uint32_t value, size_t bytes);

/* Where the capability PCI_CAP_ID_... is; 0 where there is none */
unsigned int bl_config_capability(const struct bl_config *config,
				  unsigned int id);

#endif
