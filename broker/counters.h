/* SPDX-License-Identifier: MIT */
/*
 * What has happened since the broker began, counted
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_COUNTERS_H
#define BROKER_COUNTERS_H

#include <stdint.h>

#include <barlease.h>

#include "base/text.h"

#define COUNTERS_REASONS	(BARLEASE_EXPIRED + 1)

/**
 * struct counters - all of them
 * @acquired: leases
 * @ended: leases, by the reason
 * @refused: requests and connections
 * @resets, @resets_failed: of devices, ordered or between holders
 * @reloads, @reloads_refused: of the configuration
 * @gone, @back: devices that the kernel wanted, and that came
 */
struct counters {
	uint64_t acquired;
	uint64_t ended[COUNTERS_REASONS];
	uint64_t refused;
	uint64_t resets;
	uint64_t resets_failed;
	uint64_t reloads;
	uint64_t reloads_refused;
	uint64_t gone;
	uint64_t back;
};

/* A line of the administrator's socket for each */
void counters_describe(struct text *out, const struct counters *counters);

#endif
