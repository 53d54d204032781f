/* SPDX-License-Identifier: MIT */
/*
 * How a part of a BAR is really mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_PROVE_H
#define CLI_PROVE_H

#include <stdint.h>

#include <barlease.h>

/* @memattr: "wc", "nc", or "mixed" or "other" where it is neither */
struct proof {
	const char *memattr;
	size_t page_size;
};

/**
 * prove_range() - map it, and have the driver look at its page table
 * @device: that is open
 * @bar: index
 * @offset: in the BAR, in bytes
 * @size: in bytes
 * @proof: receives what its first and its last page are, and how large the
 *   smaller of them is
 *
 * Return: 0; -ENOTTY the driver cannot tell; others of barlease_map() and
 * barlease_mapped_as().
 */
int prove_range(const struct barlease_device *device, unsigned int bar,
		uint64_t offset, uint64_t size, struct proof *proof);

#endif
