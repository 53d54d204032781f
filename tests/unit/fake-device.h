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

#include <sys/types.h>

#include <barlease.h>

#define FAKE_BAR	2
#define FAKE_BAR_SIZE	(1ull << 26)
#define FAKE_VECTORS	8
#define FAKE_MAPS	2048

/**
 * struct barlease_device - what it can do, and what was done to it
 * @export_error: what the next calls return, as a negative errno
 * @mapped: of each lease, by other devices
 * @kept: references to each lease that the server does not have
 * @states: how often it was asked about a lease
 * @msix: what of FAKE_BAR barlease_device_msix() returns; if anything
 * @during_reset: called while it is reset
 * @interrupts: what it has
 * @usable: how many of these can be switched on
 * @eventfds: of each vector, the inode of the eventfd that it has; 0 for none
 * @unmask: the same of its INTx
 * @irq_error: what a change of these returns
 * @master: whether it is bus master
 * @space: its address space; without a granule it has none
 * @ranges: of that
 * @maps: what is mapped there, @nr_maps of them
 * @map_error, @unmap_error: what these return
 * @events: one letter for each thing that was done at an end: revoke, interrupt off,
 *   unmap
 */
struct barlease_device {
	unsigned int caps;
	int export_error;
	int memattr_error;
	int revoke_error;
	int pause_error;
	int reset_error;
	unsigned int exports;
	unsigned int revokes;
	unsigned int resets;
	unsigned int last_flags;
	unsigned int mapped;
	unsigned int kept;
	unsigned int states;
	uint64_t last_offset;
	struct barlease_range msix;
	void (*during_reset)(void);
	struct barlease_interrupts interrupts;
	int usable;
	int irq_error;
	ino_t eventfds[FAKE_VECTORS];
	ino_t unmask;
	struct barlease_address_space space;
	struct barlease_range ranges[2];
	struct barlease_dma maps[FAKE_MAPS];
	unsigned int nr_maps;
	int map_error;
	int unmap_error;
	char events[256];
	bool master;
};

void fake_device_init(struct barlease_device *device);

/* Of a lease, by any fd of it */
bool fake_revoked(int lease);
/* As if none had been taken back */
void fake_give_back(void);
bool fake_paused(int lease);
enum barlease_memattr fake_memattr(int lease);
const char *fake_name(int lease);

#endif
