// SPDX-License-Identifier: MIT
/*
 * Single accesses, guarded
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Each is one access of just that size: a device may tell the difference. Two
 * halves would be what a compiler, or a processor, makes of an address that is
 * not aligned.
 */
#include <errno.h>
#include <stdbool.h>

#include "public.h"

struct access {
	union {
		volatile uint32_t *at32;
		volatile uint64_t *at64;
		const volatile uint32_t *from32;
		const volatile uint64_t *from64;
	};
	union {
		uint32_t value32;
		uint64_t value64;
	};
};

static bool aligned(const volatile void *address, size_t size)
{
	return !((uintptr_t)address % size);
}

static int do_read32(void *arg)
{
	struct access *access = arg;

	access->value32 = *access->from32;
	return 0;
}

int barlease_read32(const volatile void *address, uint32_t *value)
{
	struct access access = { .from32 = address };
	int ret;

	if (!aligned(address, sizeof(*value)))
		return -EINVAL;
	ret = barlease_guard(address, sizeof(*value), do_read32, &access);
	if (!ret)
		*value = access.value32;
	return ret;
}

static int do_write32(void *arg)
{
	const struct access *access = arg;

	*access->at32 = access->value32;
	return 0;
}

int barlease_write32(volatile void *address, uint32_t value)
{
	struct access access = { .at32 = address, .value32 = value };

	if (!aligned(address, sizeof(value)))
		return -EINVAL;
	return barlease_guard(address, sizeof(value), do_write32, &access);
}

static int do_read64(void *arg)
{
	struct access *access = arg;

	access->value64 = *access->from64;
	return 0;
}

int barlease_read64(const volatile void *address, uint64_t *value)
{
	struct access access = { .from64 = address };
	int ret;

	if (!aligned(address, sizeof(*value)))
		return -EINVAL;
	ret = barlease_guard(address, sizeof(*value), do_read64, &access);
	if (!ret)
		*value = access.value64;
	return ret;
}

static int do_write64(void *arg)
{
	const struct access *access = arg;

	*access->at64 = access->value64;
	return 0;
}

int barlease_write64(volatile void *address, uint64_t value)
{
	struct access access = { .at64 = address, .value64 = value };

	if (!aligned(address, sizeof(value)))
		return -EINVAL;
	return barlease_guard(address, sizeof(value), do_write64, &access);
}
