/* SPDX-License-Identifier: MIT */
/*
 * The page table entries of this process, from barlease-ptwalk.ko
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef PAGETABLE_H
#define PAGETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the processor does, from the entry and from the register that the entry
 * chooses a memory type of. On arm64, Device-nGnRE is the one for devices, and
 * Device-nGnRnE (CACHE_UC) the one that nobody asks for here.
 */
enum cache_mode {
	CACHE_WB,
	CACHE_WC,		/* arm64: Normal-NC */
	CACHE_UNCACHED,		/* UC-; arm64: Device-nGnRE */
	CACHE_UC,
	CACHE_WP,
	CACHE_WT,
};

struct entry {
	bool present;
	bool writable;
	bool special;
	size_t size;		/* bytes that the entry maps */
	uint64_t physical;	/* address that the address is mapped to */
	enum cache_mode cache;
};

/* Gives up where there is no barlease-ptwalk, or no mapping */
struct entry entry_at(const volatile void *at);

/* How many pages are mapped now */
size_t pages_present(const volatile void *at, size_t size);
/* The same, counting only those of this cache mode */
size_t pages_cached(const volatile void *at, size_t size, enum cache_mode mode);

/*
 * How many pages are not mapped to where they should be: to what
 * @physical says for their offset from @at, or not at all where it says 0
 */
typedef uint64_t (*physical_fn)(uint64_t offset, const void *arg);
size_t pages_wrong(const volatile void *at, size_t size, physical_fn physical,
		   const void *arg);
/* The same, with one physical address after the other */
size_t pages_astray(const volatile void *at, size_t size, uint64_t physical);

const char *cache_name(enum cache_mode mode);
bool is_cache(const volatile void *at, enum cache_mode want, const char *name,
	      ...) __attribute__((format(printf, 3, 4)));

/* Play a device driver that attaches to a DMABUF; 0 or a negative errno */
int import(int dmabuf, unsigned int kind);

#endif
