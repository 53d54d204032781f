/* SPDX-License-Identifier: MIT */
/*
 * A device that is open
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_HANDLE_H
#define BROKER_HANDLE_H

#include <stdbool.h>
#include <stddef.h>

#include <barlease.h>

#define HANDLE_WHY_MAX	240
#define HANDLE_PATH_MAX	256

/**
 * struct handle - an open device, and what there is to know of it
 * @lock: see lock.h
 * @request: fd that is readable when the kernel wants it back; or -errno
 * @caps, @bars, @msix, @nr_msix, @interrupts, @can_reset: found out when it was
 *   opened, so that nobody has to ask the kernel
 */
struct handle {
	char bdf[BARLEASE_PCI_ADDRESS_SIZE];
	enum barlease_backend backend;
	int lock;
	struct barlease_device *device;
	int request;
	unsigned int caps;
	struct barlease_bar bars[BARLEASE_BARS];
	struct barlease_range msix[BARLEASE_BARS][BARLEASE_MSIX_RANGES];
	int nr_msix[BARLEASE_BARS];
	struct barlease_interrupts interrupts;
	bool can_reset;
};

/* What it takes to open one. @token_file: of a VF's token; or empty */
struct handle_wanted {
	char bdf[BARLEASE_PCI_ADDRESS_SIZE];
	enum barlease_backend backend;
	char token_file[HANDLE_PATH_MAX];
};

/**
 * handle_open() - open a device that can be leased, and lock it
 * @locks: the directory of locks
 * @wanted: which, and how
 * @handle: receives it, for handle_close()
 * @why: receives what is the matter, in words
 *
 * May take long, as may handle_close().
 */
int handle_open(const char *locks, const struct handle_wanted *wanted,
		struct handle **handle, char why[HANDLE_WHY_MAX]);
/**
 * handle_restore() - go on with one that an earlier process had open
 * @bdf: of it
 * @handover: its fds; they stay the caller's
 * @lock: that it has; the handle's if this returns 0
 * @handle: receives it, for handle_close()
 *
 * Return: 0; as barlease_device_restore(); -ENOTTY its driver is another one by now.
 */
int handle_restore(const char *bdf, const struct barlease_handover *handover,
		   int lock, struct handle **handle);
/* NULL is fine. */
void handle_close(struct handle *handle);

#endif
