// SPDX-License-Identifier: MIT
/*
 * The bug: write-combining that is asked for, granted, and uncached. On x86 the
 * kernel has one memory type for a physical range, and vmf_insert_pfn() puts it in
 * place of what vm_page_prot says. vfio-pci-core's ioremap() of a BAR has made it
 * UC-. The series "vfio/pci: Add mmap() for DMABUFs" maps write-combining leases by
 * that call, and nobody is told what became of them.
 *
 * Stock vfio-pci has no such attribute. But the kernel's own way to a
 * write-combining BAR, resourceN_wc in sysfs, has the same fault beside an uncached
 * map: shown here on a device that no driver has.
 *
 * This driver writes the entries itself, and refuses what it cannot give:
 * docs/driver.md, "Page tables".
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "stock.h"
#include "tap.h"

#define SIZE	MIB(4)

/* Only x86 keeps books of memory types. */
#ifdef __aarch64__
#define HAS_BUG	false
#else
#define HAS_BUG	true
#endif

static void all_wc(mapping_t at, const char *what)
{
	for (uint64_t i = 0; i < SIZE; i += PAGE)
		if (!read32(at + i, &(uint32_t){ 0 }))
			bail("SIGBUS at %#llx", (unsigned long long)i);
	is_int(pages_cached(at, SIZE, CACHE_WC), SIZE / PAGE,
	       "%s is write-combining in the page table, every page", what);
	unmap(at, SIZE);
}

static void with_this_driver(void)
{
	struct vfio small = vfio_open(dev_small());
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t bar = map_bar(&small, BAR2, 0, SIZE);

	/* So that the kernel has a memory type for the BAR, if ever */
	read32(bar, &(uint32_t){ 0 });
	is_cache(bar, CACHE_UNCACHED, "a BAR map is uncached");
	is_ok(lease_set_memattr(small.device, lease, WC),
	      "a lease is to be write-combining, and that is granted");
	all_wc(map_aligned(lease, 0, SIZE, RW, MIB(2), 0), "in huge pages, it");
	all_wc(map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE),
	       "in small pages, it");
	is_ok(bar_set_memattr(small.device, BAR2, 0, SIZE, WC),
	      "so is the BAR itself");
	all_wc(map_bar(&small, BAR2, 0, SIZE), "a map of it");
	unmap(bar, SIZE);
	close(lease);
	vfio_close(&small);
}

static void without_attribute(void)
{
	struct vfio small = vfio_open(dev_small());

	is_error(lease_set_memattr(small.device, -1, WC), ENOTTY,
		 "stock has no attribute to ask for: ENOTTY");
	vfio_close(&small);
}

static mapping_t map_resource(const char *name)
{
	mapping_t at;
	char path[256];
	int fd;

	pci_path(dev_small(), name, path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %s", path, strerror(errno));
	at = map(fd, 0, SIZE, RW);
	close(fd);
	return at;
}

/* Two programs that drive a device by sysfs, one of which wants it fast */
static void with_sysfs(void)
{
	mapping_t wc, uncached;

	is_ok(pci_unbind(dev_small()), "without a driver");
	wc = map_resource("resource2_wc");
	is_cache(wc, CACHE_WC, "resource2_wc alone is write-combining");
	unmap(wc, SIZE);
	uncached = map_resource("resource2");
	wc = map_resource("resource2_wc");
	is_cache(uncached, CACHE_UNCACHED, "beside a map of resource2");
	is_cache(wc, HAS_BUG ? CACHE_UNCACHED : CACHE_WC,
		 HAS_BUG ? "the kernel has the bug: so is resource2_wc, unsaid" :
			   "it is so still: this kernel does not have the bug");
	unmap(wc, SIZE);
	unmap(uncached, SIZE);
}

static void with_stock(void)
{
	without_attribute();
	with_sysfs();
}

int main(void)
{
	const struct bdf dev = dev_small();

	with_this_driver();
	stock_has(&dev, 1, with_stock);
	return tap_done();
}
