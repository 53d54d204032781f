// SPDX-License-Identifier: MIT
/*
 * The devices that the configuration names
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"

struct device *devices_find(const struct devices *devices, const char *bdf)
{
	struct device *device;

	LIST_FOREACH(device, devices, link)
		if (!strcmp(device->bdf, bdf))
			return device;
	return NULL;
}

const struct barlease_device *devices_open(const struct devices *devices,
					   const char *bdf)
{
	const struct device *device = devices_find(devices, bdf);

	return device && device->handle ? device->handle->device : NULL;
}

bool devices_any_away(const struct devices *devices)
{
	const struct device *device;

	LIST_FOREACH(device, devices, link)
		if (!device->handle)
			return true;
	return false;
}

struct device *devices_add(struct devices *devices, const char *bdf)
{
	struct device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	snprintf(device->bdf, sizeof(device->bdf), "%s", bdf);
	LIST_INSERT_HEAD(devices, device, link);
	return device;
}

void devices_remove(struct device *device)
{
	LIST_REMOVE(device, link);
	free(device);
}

bool device_set_why(struct device *device, const char *why)
{
	if (!strcmp(device->why, why))
		return false;
	snprintf(device->why, sizeof(device->why), "%s", why);
	return true;
}
