// SPDX-License-Identifier: MIT
/*
 * The device's memory, as its owner sees it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "config.h"
#include "device.h"
#include "model.h"
#include "sysfs.h"
#include "tap.h"

struct vfio small;

static mapping_t bar;
static uint16_t gen_of[MIB(64) / PAGE];
static bool is_off;

/* How long an address may be that the machine's IOMMU puts out: QEMU's SMMUv3 */
#ifdef __aarch64__
#define IOMMU_BITS	44
#else
#define IOMMU_BITS	63
#endif

static bool reachable;

void device_open(void)
{
	small = vfio_open(dev_small());
	bar = map_bar(&small, BAR2, 0, BAR_PAGES * PAGE);
	reachable = !(pci_bar_start(small.bdf, BAR2) >> IOMMU_BITS);
}

bool device_reachable(void)
{
	return reachable;
}

void device_close(void)
{
	unmap(bar, BAR_PAGES * PAGE);
	vfio_close(&small);
}

/* Who does it has seen to it that the device is on: a SIGBUS would be a fault */
static void put(uint32_t page, uint32_t at, uint32_t value)
{
	*(volatile uint32_t *)(bar + page * PAGE + at) = value;
}

void device_give(struct actor *me, uint32_t first, uint32_t n, uint16_t gen)
{
	device_switch(me, true);
	for (uint32_t page = first; page < first + n; page++) {
		put(page, 4, word_of_lease(page, gen));
		for (uint32_t i = 0; i < LANES; i++)
			put(page, lane(i), mark(gen));
		gen_of[page] = gen;
	}
}

void device_clear(struct actor *me)
{
	device_switch(me, true);
	for (uint32_t page = 0; page < BAR_PAGES; page++)
		put(page, 0, word_of_page(page));
	device_give(me, 0, BAR_PAGES, 0);
}

static void compare(struct actor *me, uint32_t page, uint32_t at, uint32_t want)
{
	uint32_t value = *(volatile uint32_t *)(bar + page * PAGE + at);

	if (value != want)
		escape(me, "page %u, of lease %u, has %#x at %#x instead of %#x",
		       page, gen_of[page], value, at, want);
}

void device_inspect(struct actor *me, uint32_t first, uint32_t n)
{
	device_switch(me, true);
	for (uint32_t page = first; page < first + n; page++) {
		uint16_t gen = gen_of[page];

		compare(me, page, 0, word_of_page(page));
		compare(me, page, 4, word_of_lease(page, gen));
		for (uint32_t i = 0; i < LANES; i++)
			compare(me, page, lane(i), mark(gen));
	}
}

void device_switch(struct actor *me, bool on)
{
	if (on == !is_off)
		return;
	SAY(me, "memory decode %s", on ? "on" : "off");
	if (!on)
		atomic_fetch_add(&shared->dark, 1);
	memory_decode(&small, on);
	if (on)
		atomic_fetch_add(&shared->dark, 1);
	is_off = !on;
}
