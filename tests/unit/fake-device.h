/* SPDX-License-Identifier: MIT */
/*
 * A device that is not there: what the server calls of the library, for tests
 * without a kernel driver
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Its leases are memory files, so that they can be counted and told apart.
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include <barlease.h>

#define FAKE_BAR	2
#define FAKE_BAR_SIZE	(1ull << 26)

/**
 * struct barlease_device - what it can do, and what was done to it
 * @export_error: what the next calls return, as a negative errno
 * @mapped: of each lease, by other devices
 * @kept: references to each lease that the server does not have
 * @states: how often it was asked about a lease
 * @msix: what of FAKE_BAR barlease_device_msix() returns; if anything
 * @during_reset: called while it is reset
 */
struct barlease_device {
	unsigned int caps;
	int export_error;
	int memattr_error;
	int revoke_error;
	int reset_error;
	unsigned int exports;
	unsigned int revokes;
	unsigned int resets;
	unsigned int last_flags;
	uint64_t last_offset;
	unsigned int mapped;
	unsigned int kept;
	unsigned int states;
	struct barlease_range msix;
	void (*during_reset)(void);
};

void fake_device_init(struct barlease_device *device);

/* Of a lease, by any fd of it */
bool fake_revoked(int lease);
enum barlease_memattr fake_memattr(int lease);
const char *fake_name(int lease);

#endif
