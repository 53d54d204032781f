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
#include "pagetable.h"
#include "tap.h"

#define PAGE_SIZE_4K	4096u
#define PTE_PWT		(1u << 3)
#define PTE_PCD		(1u << 4)
#define PTE_PAT_4K	(1u << 7)
#define PTE_PAT_HUGE	(1u << 12)

static int open_ptwalk(void)
{
	int fd = open("/dev/barlease-ptwalk", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail("/dev/barlease-ptwalk: %s", strerror(errno));
	return fd;
}

static enum cache_mode decode(uint64_t pgprot, size_t size)
{
	static const enum cache_mode linux_pat[8] = {
		CACHE_WB, CACHE_WC, CACHE_UC_MINUS, CACHE_UC,
		CACHE_WB, CACHE_WP, CACHE_UC_MINUS, CACHE_WT,
	};
	uint64_t pat = size == PAGE_SIZE_4K ? PTE_PAT_4K : PTE_PAT_HUGE;
	unsigned int index = 0;

	if (pgprot & PTE_PWT)
		index |= 1;
	if (pgprot & PTE_PCD)
		index |= 2;
	if (pgprot & pat)
		index |= 4;
	return linux_pat[index];
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
	entry.physical = walk->pfn * PAGE_SIZE_4K +
			 walk->address % PAGE_SIZE_4K;
	entry.cache = decode(walk->pgprot, walk->page_size);
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
			found += step / PAGE_SIZE_4K;
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

	for (size_t i = 0; i < size; i += PAGE_SIZE_4K) {
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
			astray += step / PAGE_SIZE_4K;
	}
	close(ptwalk);
	return astray;
}

const char *cache_name(enum cache_mode mode)
{
	static const char *const names[] = {
		[CACHE_WB] = "WB", [CACHE_WC] = "WC", [CACHE_UC_MINUS] = "UC-",
		[CACHE_UC] = "UC", [CACHE_WP] = "WP", [CACHE_WT] = "WT",
	};

	return names[mode];
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
