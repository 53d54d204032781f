/* SPDX-License-Identifier: MIT */
/*
 * The devices that the configuration names
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_DEVICES_H
#define BROKER_DEVICES_H

#include <sys/queue.h>

#include "base/loop.h"
#include "config/config.h"
#include "device/handle.h"

/**
 * struct device - one that the configuration names
 * @handle: NULL where it is away
 * @why: it is; or empty
 * @request: readable when the kernel wants it back
 * @owner: of @request
 * @resetting: it is being reset
 * @unclean: and has to be, before anybody else has it
 * @again: when that is to be tried again
 * @unsafe: an earlier process has left a lease of it that nobody can revoke
 */
struct device {
	LIST_ENTRY(device) link;
	char bdf[BARLEASE_PCI_ADDRESS_SIZE];
	struct handle *handle;
	char why[HANDLE_WHY_MAX];
	struct loop_source request;
	void *owner;
	bool resetting;
	bool unclean;
	struct loop_timer again;
	bool unsafe;
};

LIST_HEAD(devices, device);

/* NULL where the configuration does not name it */
struct device *devices_find(const struct devices *devices, const char *bdf);
/* NULL where it is away, too */
const struct barlease_device *devices_open(const struct devices *devices,
					   const char *bdf);
bool devices_any_away(const struct devices *devices);

/* One more, which is away. NULL without memory */
struct device *devices_add(struct devices *devices, const char *bdf);
/* It has no handle by then. */
void devices_remove(struct device *device);

/* Why it is away. Return: is that news? */
bool device_set_why(struct device *device, const char *why);

#endif
