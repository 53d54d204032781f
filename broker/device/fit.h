/* SPDX-License-Identifier: MIT */
/*
 * Whether slices are within a device's BARs
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_FIT_H
#define BROKER_FIT_H

#include "config/config.h"
#include "handle.h"

/* Complains of those of @config that are to be of this device, and are not. */
void fit_check(const struct handle *handle, const struct config *config,
	       struct config_errors *errors);

#endif
