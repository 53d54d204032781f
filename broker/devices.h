/* SPDX-License-Identifier: MIT */
/*
 * The devices that are open
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_DEVICES_H
#define BROKER_DEVICES_H

#include <sys/queue.h>

#include <barlease.h>

#include "base/loop.h"
#include "config/config.h"

struct broker;

/**
 * struct device - one that is open
 * @lock: see lock.h
 * @request: readable when the kernel wants it back
 * @broker: for @request, once its slices are offered; NULL before that
 */
struct device {
	LIST_ENTRY(device) link;
	char bdf[16];
	int lock;
	struct barlease_device *device;
	struct loop_source request;
	struct broker *broker;
};

LIST_HEAD(devices, device);

/*
 * Open those that a configuration names, and see whether its slices are in
 * their BARs. Return: 0; -EINVAL see @errors, and devices_keep() is due.
 */
int devices_prepare(struct devices *devices, const struct config *config,
		    struct config_errors *errors);

/* Close those that it does not name; NULL names none. */
void devices_keep(struct devices *devices, const struct config *config);

/* Take it off the list, and close it */
void devices_close(struct device *device);

/* Has it been opened since its slices were offered the last time? */
bool devices_is_new(const struct devices *devices, const char *bdf);

/* NULL where it is not open */
const struct barlease_device *devices_find(const struct devices *devices,
					   const char *bdf);

#endif
