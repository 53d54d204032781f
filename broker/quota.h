/* SPDX-License-Identifier: MIT */
/*
 * How many connections and leases there may be
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_QUOTA_H
#define BROKER_QUOTA_H

#include <barlease.h>

#include "config/config.h"

/* As many open files as this process wants, and may have */
void quota_raise(void);

/*
 * What is configured, as far as there are file descriptors for it. @kept: how many can be
 * kept; 0: they are not
 */
void quota_choose(struct barlease_limits *limits,
		  const struct config_broker *wanted, size_t nr_devices,
		  size_t nr_listeners, unsigned int kept);

#endif
