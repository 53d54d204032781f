// SPDX-License-Identifier: MIT
/*
 * Every allocation of memory and every copy from or to the caller fails once, in each of
 * the driver's operations: that is an error of the caller's and nothing else, and the
 * next try works
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "access.h"
#include "importer.h"
#include "inject.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

#define SIZE	MIB(4)
#define VALUE	0x0a110c

/* More than any operation has */
#define POINTS	1000

/* What the operations work on, from one to the next */
static struct vfio small;
static int lease, importer;
static mapping_t at;
static uint64_t bar_offset;

/**
 * struct operation - what may fail
 * @name: as the result says it
 * @before: make all that it needs; may be NULL
 * @act: the one thing that is looked at: 0 or a negative errno
 * @undo: after it has succeeded; may be NULL
 * @after: undo @before; may be NULL
 */
struct operation {
	const char *name;
	void (*before)(void);
	int (*act)(void);
	void (*undo)(void);
	void (*after)(void);
};

static void unbind(void)
{
	if (pci_unbind(dev_small()))
		bail("the device cannot be unbound");
}

/* As "drivers_probe" has it, an error would be nobody's. */
static int probe(void)
{
	return file_write("/sys/bus/pci/drivers/" OUR_DRIVER "/bind",
			  dev_small().name);
}

static void bind(void)
{
	if (probe())
		bail("the device cannot be bound");
}

static int open_device(void)
{
	return vfio_try_open(&small, dev_small());
}

static void have_device(void)
{
	small = vfio_open(dev_small());
	bar_offset = vfio_region(&small, BAR2).offset;
}

static void close_device(void)
{
	vfio_close(&small);
}

static int export_lease(void)
{
	struct vfio_region_dma_range ranges[] = {
		{ .offset = 0, .length = SIZE },
		{ .offset = 2 * SIZE, .length = PAGE },
	};

	lease = lease_export(small.device, BAR2, O_RDWR | O_CLOEXEC, ranges, 2);
	return lease < 0 ? lease : 0;
}

/* So many that they take pages of their own */
static int export_many(void)
{
	static struct vfio_region_dma_range ranges[2048];

	for (size_t i = 0; i < 2048; i++) {
		ranges[i].offset = 2 * i * PAGE;
		ranges[i].length = PAGE;
	}
	lease = lease_export(small.device, BAR2, O_RDWR | O_CLOEXEC, ranges, 2048);
	return lease < 0 ? lease : 0;
}

static void close_lease(void)
{
	close(lease);
}

static void have_lease(void)
{
	have_device();
	lease = lease_of(small.device, BAR2, 0, SIZE);
}

static void end_lease(void)
{
	close_lease();
	close_device();
}

static int map_a(int fd, uint64_t offset)
{
	void *map = mmap(NULL, SIZE, RW, MAP_SHARED, fd, offset);

	at = map;
	return map == MAP_FAILED ? -errno : 0;
}

static int map_lease(void)
{
	return map_a(lease, 0);
}

static int map_bar_whole(void)
{
	return map_a(small.device, bar_offset);
}

static void unmap_it(void)
{
	unmap(at, SIZE);
}

/* Small pages: a page table is allocated for these */
static void have_map(void)
{
	have_lease();
	at = map_aligned(lease, 0, SIZE, RW, HUGE, PAGE);
}

static void have_huge_map(void)
{
	have_lease();
	at = map_aligned(lease, 0, SIZE, RW, HUGE, 0);
}

static void end_map(void)
{
	unmap_it();
	end_lease();
}

/* What there is no memory for, the kernel tries until there is. */
static int touch(void)
{
	return write32(at, VALUE) && write32(at + SIZE - PAGE, VALUE) ? 0 : -EFAULT;
}

static void zap(void)
{
	unmap_it();
	at = map_aligned(lease, 0, SIZE, RW, HUGE, PAGE);
}

static void zap_huge(void)
{
	unmap_it();
	at = map_aligned(lease, 0, SIZE, RW, HUGE, 0);
}

static int attach(void)
{
	importer = importer_try(lease, dev_big(), BARLEASE_IMPORTER_AT_ONCE);
	return importer < 0 ? importer : 0;
}

static void detach(void)
{
	close(importer);
}

static void have_importer(void)
{
	have_lease();
	if (attach())
		bail("no device can be attached");
}

static void end_importer(void)
{
	detach();
	end_lease();
}

static int map_for_device(void)
{
	return importer_map(importer, BOTH_WAYS, NULL);
}

static void unmap_for_device(void)
{
	importer_unmap(importer);
}

/* Where the device reaches it: through a page table that only faults fill */
static int dma_map(void)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)at,
		.iova = GIB(1),
		.size = SIZE,
	};

	return ioctl(small.container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static void dma_unmap(void)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = GIB(1),
		.size = SIZE,
	};

	if (ioctl(small.container, VFIO_IOMMU_UNMAP_DMA, &unmap))
		bail("VFIO_IOMMU_UNMAP_DMA: %s", strerror(errno));
}

static void have_bar_map(void)
{
	have_device();
	at = map_bar(&small, BAR2, 0, SIZE);
}

static void end_bar_map(void)
{
	unmap_it();
	close_device();
}

static int set_memattr(void)
{
	return lease_set_memattr(small.device, lease, WC);
}

static int set_bar_memattr(void)
{
	return bar_set_memattr(small.device, BAR2, PAGE, PAGE, WC);
}

static void reset_bar_memattr(void)
{
	if (bar_set_memattr(small.device, BAR2, PAGE, PAGE, NC))
		bail("a BAR's attribute cannot be set");
}

static int reset(void)
{
	return vfio_reset(&small);
}

/* Has no way of failing: whatever it needs was allocated when it could */
static int revoke_it(void)
{
	return lease_revoke(small.device, lease);
}

static void have_new_lease(void)
{
	close(lease);
	lease = lease_of(small.device, BAR2, 0, SIZE);
}

static int close_all(void)
{
	vfio_close(&small);
	return 0;
}

static const struct operation operations[] = {
	{ "probe", unbind, probe, unbind, bind },
	{ "open", NULL, open_device, close_device, NULL },
	{ "export", have_device, export_lease, close_lease, close_device },
	{ "export of 2048 ranges", have_device, export_many, close_lease,
	  close_device },
	{ "mmap of a lease", have_lease, map_lease, unmap_it, end_lease },
	{ "mmap of a BAR", have_device, map_bar_whole, unmap_it, close_device },
	{ "fault", have_map, touch, zap, end_map },
	{ "fault of huge pages", have_huge_map, touch, zap_huge, end_map },
	{ "DMA map of a BAR map", have_bar_map, dma_map, dma_unmap, end_bar_map },
	{ "memory attribute", have_lease, set_memattr, NULL, end_lease },
	{ "memory attribute of a BAR", have_device, set_bar_memattr,
	  reset_bar_memattr, close_device },
	{ "reset", have_map, reset, NULL, end_map },
	{ "revoke", have_map, revoke_it, have_new_lease, end_map },
	{ "close", have_device, close_all, have_device, close_device },
};

static const struct operation importers[] = {
	{ "attach", have_lease, attach, detach, end_lease },
	{ "map for a device", have_importer, map_for_device, unmap_for_device,
	  end_importer },
};

/* Returns whether there was an allocation so late */
static bool fail(const struct operation *op, unsigned int nth)
{
	bool failed;
	int ret;

	inject_begin(nth);
	ret = op->act();
	failed = inject_end();
	if (!failed && ret)
		bail("%s: %s, and no allocation has failed", op->name,
		     strerror(-ret));
	if (ret && ret != -ENOMEM && ret != -EFAULT)
		diag("%s, allocation %u: %s", op->name, nth, strerror(-ret));
	if (ret)
		ret = op->act();
	if (ret)
		bail("%s, allocation %u: %s at the next try", op->name, nth,
		     strerror(-ret));
	if (op->undo)
		op->undo();
	return failed;
}

static unsigned int every_one(const struct operation *op)
{
	unsigned int nth = 0;

	if (op->before)
		op->before();
	while (nth < POINTS && fail(op, nth + 1))
		nth++;
	if (op->after)
		op->after();
	ok(nth < POINTS, "%s: %u times something fails, and it works after each",
	   op->name, nth);
	return nth;
}

int main(void)
{
	unsigned int points = 0;

	inject_set_up();
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		points += every_one(&operations[i]);
	if (importers_possible())
		for (size_t i = 0; i < sizeof(importers) / sizeof(*importers); i++)
			points += every_one(&importers[i]);
	else
		skip("this kernel lets no device attach", "attach");
	ok(points > 20, "%u points of failure in all", points);
	return tap_done();
}
