// SPDX-License-Identifier: MIT
/*
 * The page table entries of this process, from barlease-ptwalk.ko
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../module/ptwalk.h"
#include "lease.h"
#include "pagetable.h"
#include "tap.h"

static int open_ptwalk(void)
{
	int fd = open("/dev/barlease-ptwalk", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail("/dev/barlease-ptwalk: %s", strerror(errno));
	return fd;
}

/* The processor's own numbers for them */
#ifdef __aarch64__
static const struct {
	uint8_t attribute;
	const char *name;
} modes[] = {
	[CACHE_WB] = { 0xff, "Normal-WB" },
	[CACHE_WC] = { 0x44, "Normal-NC" },
	[CACHE_UNCACHED] = { 0x04, "Device-nGnRE" },
	[CACHE_UC] = { 0x00, "Device-nGnRnE" },
};
#else
static const struct {
	uint8_t attribute;
	const char *name;
} modes[] = {
	[CACHE_WB] = { 6, "WB" },
	[CACHE_WC] = { 1, "WC" },
	[CACHE_UNCACHED] = { 7, "UC-" },
	[CACHE_UC] = { 0, "UC" },
	[CACHE_WP] = { 5, "WP" },
	[CACHE_WT] = { 4, "WT" },
};
#endif

static enum cache_mode decode(uint32_t attribute)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (modes[i].attribute == attribute)
			return i;
	bail("%#x is no memory type that Linux has", attribute);
}

static struct barlease_ptwalk walk_to(int ptwalk, uintptr_t at)
{
	struct barlease_ptwalk walk = { .address = at };

	if (ioctl(ptwalk, BARLEASE_PTWALK, &walk))
		bail("page table walk at %#llx: %s", walk.address,
		     strerror(errno));
	return walk;
}

static struct entry decoded(const struct barlease_ptwalk *walk)
{
	struct entry entry = { 0 };

	if (!(walk->flags & BARLEASE_PTWALK_PRESENT))
		return entry;

	entry.present = true;
	entry.writable = walk->flags & BARLEASE_PTWALK_WRITABLE;
	entry.special = walk->flags & BARLEASE_PTWALK_SPECIAL;
	entry.size = walk->page_size;
	entry.physical = walk->pfn * PAGE + walk->address % PAGE;
	entry.cache = decode(walk->attribute);
	return entry;
}

struct entry entry_at(const volatile void *at)
{
	int ptwalk = open_ptwalk();
	struct barlease_ptwalk walk = walk_to(ptwalk, (uintptr_t)at);

	close(ptwalk);
	return decoded(&walk);
}

/* What one entry, or the lack of one, has of the bytes from @at on */
static size_t reach(const struct barlease_ptwalk *walk, size_t left)
{
	size_t size = walk->page_size - walk->address % walk->page_size;

	return size < left ? size : left;
}

static size_t count_pages(const volatile void *at, size_t size, bool any,
			  enum cache_mode mode)
{
	int ptwalk = open_ptwalk();
	size_t found = 0, step;

	for (size_t i = 0; i < size; i += step) {
		struct barlease_ptwalk walk = walk_to(ptwalk, (uintptr_t)at + i);
		struct entry entry = decoded(&walk);

		step = reach(&walk, size - i);
		if (entry.present && (any || entry.cache == mode))
			found += step / PAGE;
	}
	close(ptwalk);
	return found;
}

size_t pages_present(const volatile void *at, size_t size)
{
	return count_pages(at, size, true, CACHE_WB);
}

size_t pages_cached(const volatile void *at, size_t size, enum cache_mode mode)
{
	return count_pages(at, size, false, mode);
}

/* Those of one entry */
static size_t wrong_of(const struct entry *entry, size_t first, size_t size,
		       physical_fn physical, const void *arg)
{
	size_t wrong = 0;

	for (size_t i = 0; i < size; i += PAGE) {
		uint64_t want = physical(first + i, arg);

		wrong += entry->present != !!want ||
			 (want && entry->physical + i != want);
	}
	return wrong;
}

size_t pages_wrong(const volatile void *at, size_t size, physical_fn physical,
		   const void *arg)
{
	int ptwalk = open_ptwalk();
	size_t wrong = 0, step;

	for (size_t i = 0; i < size; i += step) {
		struct barlease_ptwalk walk = walk_to(ptwalk, (uintptr_t)at + i);
		struct entry entry = decoded(&walk);

		step = reach(&walk, size - i);
		wrong += wrong_of(&entry, i, step, physical, arg);
	}
	close(ptwalk);
	return wrong;
}

/* Of what one entry maps, all is right or nothing is */
size_t pages_astray(const volatile void *at, size_t size, uint64_t physical)
{
	int ptwalk = open_ptwalk();
	size_t astray = 0, step;

	for (size_t i = 0; i < size; i += step) {
		struct barlease_ptwalk walk = walk_to(ptwalk, (uintptr_t)at + i);
		struct entry entry = decoded(&walk);

		step = reach(&walk, size - i);
		if (!entry.present || entry.physical != physical + i)
			astray += step / PAGE;
	}
	close(ptwalk);
	return astray;
}

const char *cache_name(enum cache_mode mode)
{
	return modes[mode].name;
}

bool is_cache(const volatile void *at, enum cache_mode want, const char *name,
	      ...)
{
	struct entry entry = entry_at(at);
	bool pass = entry.present && entry.cache == want;
	va_list args;

	va_start(args, name);
	vok(pass, name, args);
	va_end(args);
	if (!pass)
		diag("  got %s, want %s",
		     entry.present ? cache_name(entry.cache) : "no entry",
		     cache_name(want));
	return pass;
}

int import(int dmabuf, unsigned int kind)
{
	struct barlease_import arg = { dmabuf, kind };
	int ptwalk = open_ptwalk();
	int ret = ioctl(ptwalk, BARLEASE_IMPORT, &arg) ? -errno : 0;

	close(ptwalk);
	return ret;
}
