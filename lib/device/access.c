// SPDX-License-Identifier: MIT
/*
 * Single accesses and copies, guarded
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Each access is one of just that size: a device may tell the difference. Two
 * halves would be what a compiler, or a processor, makes of an address that is
 * not aligned; or makes of 64 bits where a long has 32.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "public.h"

/* All begin at its first byte, whatever the machine's order of bytes is. */
union value {
	uint8_t of8;
	uint16_t of16;
	uint32_t of32;
	uint64_t of64;
};

static void load(const volatile void *at, size_t width, union value *value)
{
	switch (width) {
	case 1:
		value->of8 = *(const volatile uint8_t *)at;
		break;
	case 2:
		value->of16 = *(const volatile uint16_t *)at;
		break;
	case 4:
		value->of32 = *(const volatile uint32_t *)at;
		break;
	case 8:
		value->of64 = *(const volatile uint64_t *)at;
		break;
	}
}

static void store(volatile void *at, size_t width, const union value *value)
{
	switch (width) {
	case 1:
		*(volatile uint8_t *)at = value->of8;
		break;
	case 2:
		*(volatile uint16_t *)at = value->of16;
		break;
	case 4:
		*(volatile uint32_t *)at = value->of32;
		break;
	case 8:
		*(volatile uint64_t *)at = value->of64;
		break;
	}
}

static bool aligned(const volatile void *address, size_t width)
{
	return !((uintptr_t)address % width);
}

/* ---- Single accesses ---------------------------------------------------- */

/* @from or @to, which is what the access is to */
struct access {
	const volatile void *from;
	volatile void *to;
	size_t width;
	union value value;
};

static int do_read(void *arg)
{
	struct access *access = arg;

	load(access->from, access->width, &access->value);
	return 0;
}

static int read_one(const volatile void *from, size_t width,
		    struct access *access)
{
	*access = (struct access){ .from = from, .width = width };
	if (!aligned(from, width))
		return -EINVAL;
	return barlease_guard(from, width, do_read, access);
}

static int do_write(void *arg)
{
	const struct access *access = arg;

	store(access->to, access->width, &access->value);
	return 0;
}

static int write_one(volatile void *to, size_t width, union value value)
{
	struct access access = { .to = to, .width = width, .value = value };

	if (!aligned(to, width))
		return -EINVAL;
	return barlease_guard(to, width, do_write, &access);
}

int barlease_read8(const volatile void *address, uint8_t *value)
{
	struct access access;
	int ret = read_one(address, sizeof(*value), &access);

	if (!ret)
		*value = access.value.of8;
	return ret;
}

int barlease_write8(volatile void *address, uint8_t value)
{
	return write_one(address, sizeof(value),
			 (union value){ .of8 = value });
}

int barlease_read16(const volatile void *address, uint16_t *value)
{
	struct access access;
	int ret = read_one(address, sizeof(*value), &access);

	if (!ret)
		*value = access.value.of16;
	return ret;
}

int barlease_write16(volatile void *address, uint16_t value)
{
	return write_one(address, sizeof(value),
			 (union value){ .of16 = value });
}

int barlease_read32(const volatile void *address, uint32_t *value)
{
	struct access access;
	int ret = read_one(address, sizeof(*value), &access);

	if (!ret)
		*value = access.value.of32;
	return ret;
}

int barlease_write32(volatile void *address, uint32_t value)
{
	return write_one(address, sizeof(value),
			 (union value){ .of32 = value });
}

int barlease_read64(const volatile void *address, uint64_t *value)
{
	struct access access;
	int ret = read_one(address, sizeof(*value), &access);

	if (!ret)
		*value = access.value.of64;
	return ret;
}

int barlease_write64(volatile void *address, uint64_t value)
{
	return write_one(address, sizeof(value),
			 (union value){ .of64 = value });
}

/* ---- Copies ------------------------------------------------------------- */

/* @memory and @from, or @constant and @to: memory, and the mapping */
struct copy {
	const volatile unsigned char *from;
	unsigned char *memory;
	volatile unsigned char *to;
	const unsigned char *constant;
	size_t size;
};

/* Of an access that is aligned at @at, and goes no further than @left bytes */
static size_t widest(const volatile void *at, size_t left)
{
	size_t width = sizeof(long);

	while (width > left || !aligned(at, width))
		width /= 2;
	return width;
}

static int do_copy_from(void *arg)
{
	const struct copy *copy = arg;
	union value value;
	size_t i, width;

	for (i = 0; i < copy->size; i += width) {
		width = widest(copy->from + i, copy->size - i);
		load(copy->from + i, width, &value);
		memcpy(copy->memory + i, &value, width);
	}
	return 0;
}

int barlease_copy_from(void *to, const volatile void *from, size_t size)
{
	struct copy copy = { .from = from, .memory = to, .size = size };

	return barlease_guard(from, size, do_copy_from, &copy);
}

static int do_copy_to(void *arg)
{
	const struct copy *copy = arg;
	union value value;
	size_t i, width;

	for (i = 0; i < copy->size; i += width) {
		width = widest(copy->to + i, copy->size - i);
		memcpy(&value, copy->constant + i, width);
		store(copy->to + i, width, &value);
	}
	return 0;
}

int barlease_copy_to(volatile void *to, const void *from, size_t size)
{
	struct copy copy = { .to = to, .constant = from, .size = size };

	return barlease_guard(to, size, do_copy_to, &copy);
}
