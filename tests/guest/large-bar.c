// SPDX-License-Identifier: MIT
/*
 * A BAR that is larger than VFIO's numbers for it can be leased to its end, and
 * is mapped by way of the device fd as far as those go
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "tap.h"

#define LARGE_BAR	(8ull << 40)
#define TIB(n)	((uint64_t)(n) << 40)
/* Of BAR 2, with no BAR behind it: up to where the ROM's begin */
#define NUMBERS	TIB(VFIO_PCI_ROM_REGION_INDEX - BAR2)

static struct vfio large;
static uint64_t size, start;

/* There is no memory behind it: what counts is where it is mapped to. */
static void is_mapped_to(mapping_t at, uint64_t offset, const char *name)
{
	uint32_t value;

	ok(read32(at, &value), "%s can be read", name);
	is_hex(entry_at(at).physical, start + offset,
	       "and is mapped to where it should be");
}

static void leased_at(uint64_t offset, const char *name)
{
	int lease = lease_of(large.device, BAR2, offset, 2 * PAGE);
	mapping_t at = map(lease, 0, 2 * PAGE, RW);

	is_mapped_to(at + PAGE, offset + PAGE, name);
	is_ok(lease_revoke(large.device, lease), "it is revoked");
	sigbus(at + PAGE, "and is SIGBUS");
	unmap(at, 2 * PAGE);
	close(lease);
}

static void leases(void)
{
	const struct vfio_region_dma_range all = { 0, size };
	const struct vfio_region_dma_range past = { size - PAGE, 2 * PAGE };

	leased_at(0, "a lease of the first pages");
	leased_at(TIB(1) - PAGE, "one across the first TiB");
	leased_at(NUMBERS - PAGE, "one across the end of VFIO's offsets");
	leased_at(size - 2 * PAGE, "one of the last pages");
	is_error(lease_export(large.device, BAR2, O_RDWR, &past, 1), EINVAL,
		 "a lease past its end is EINVAL");
	is_error(lease_export(large.device, BAR2, O_RDWR, &all, 1), E2BIG,
		 "all of it at once does not fit: E2BIG");
}

static void bar_maps(void)
{
	uint64_t base = vfio_region(&large, BAR2).offset;
	mapping_t at = map(large.device, base + TIB(1) - PAGE, 2 * PAGE, RW);

	is_mapped_to(at, TIB(1) - PAGE, "a BAR map before the first TiB's end");
	is_mapped_to(at + PAGE, TIB(1), "and the page behind it");
	is_ok(vfio_reset(&large), "a reset");
	is_int(pages_present(at, 2 * PAGE), 0, "takes both pages away");
	is_mapped_to(at + PAGE, TIB(1), "after it, the page behind");
	unmap(at, 2 * PAGE);
	is_error(try_map(large.device, base + TIB(1), PAGE, RW, MAP_SHARED),
		 EINVAL, "a map that begins there has another BAR's number");
}

/* The space of offsets that is left is none of the BAR's */
static void room(void)
{
	struct vfio_region_dma_range range = { 0, TIB(1) - PAGE };
	int lease = lease_export(large.device, BAR2, O_RDWR, &range, 1);

	is_ok(lease, "there is room for a lease of nearly a TiB");
	close(lease);
}

int main(void)
{
	struct bdf dev;

	if (!pci_find(&dev, 0x1b36, 0x0005, BAR2, LARGE_BAR)) {
		skip("this machine has none", "a BAR of 8 TiB");
		return tap_done();
	}
	size = pci_bar_size(dev, BAR2);
	start = pci_bar_start(dev, BAR2);
	large = vfio_open(dev);
	leases();
	bar_maps();
	room();
	vfio_close(&large);
	return tap_done();
}
