// SPDX-License-Identifier: MIT
/*
 * What a primary gone mad does, who has the device's fd: VFIO's calls and the
 * driver's, with any argument. It touches no lease but those it made itself.
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "model.h"
#include "ops.h"
#include "prng.h"

/* Not those that switch the device off for the others, or end it */
static const uint16_t features[] = {
	0, 1, 2, 6, 7, 8, 9, 10, VFIO_DEVICE_FEATURE_DMA_BUF,
	BARLEASE_FEATURE_DMA_BUF_REVOKE, BARLEASE_FEATURE_DMA_BUF_MEMATTR,
	BARLEASE_FEATURE_BAR_MEMATTR, BARLEASE_FEATURE_LEASE,
	BARLEASE_FEATURE_DMA_BUF_IMPORTERS, BARLEASE_FEATURE_DMA_BUF_STATE,
	BARLEASE_FEATURE_MAPPED_AS, 12, 13, 14, 0xba07, 0xba09, 0xffff,
};

#define N(array) (sizeof(array) / sizeof(*(array)))

static int own_lease(struct actor *me, const uint32_t *arg)
{
	struct vfio_region_dma_range range;

	range.offset = arg[1] % BAR_PAGES * PAGE;
	range.length = PAGE;
	return CALL(me, lease_export(small.device, BAR2, O_RDWR | O_CLOEXEC,
				     &range, 1));
}

/* Its own, or what is none */
static int any_fd(struct actor *me, const uint32_t *arg)
{
	switch (arg[2] % 4) {
	case 0:
		return own_lease(me, arg);
	case 1:
		return -1;
	case 2:
		return dup(small.device);
	default:
		return dup(me->pipe[0]);
	}
}

/* The fd of a new lease is an answer, which nobody must keep */
static bool makes_fd(uint32_t feature, uint32_t flags)
{
	return flags & VFIO_DEVICE_FEATURE_GET &&
	       (feature == VFIO_DEVICE_FEATURE_DMA_BUF ||
		feature == BARLEASE_FEATURE_LEASE);
}

static void one_feature(struct actor *me, const uint32_t *arg)
{
	struct vfio_device_feature *feature = scratch();
	uint32_t number = features[arg[0] % N(features)];
	int32_t *body = (int32_t *)feature->data;
	struct prng prng = prng_seeded(arg[3]);
	uint32_t how = arg[1] >> 16 & 7;
	int fd = any_fd(me, arg), ret;

	/* A random fd of the owner's could be a client's lease */
	for (int i = 0; i < 16; i++)
		body[i] = arg[3] & 1 ? (int)prng_below(&prng, 4) :
				       (int)prng_next(&prng);
	body[0] = fd;
	if (!(arg[3] & 6))
		body[1] = prng_below(&prng, 3);
	feature->argsz = arg[3] & 8 ? 8 + prng_below(&prng, 64) : 64;
	feature->flags = number | how << 16 |
			 (arg[3] & 0xf00 ? 0 : prng_next(&prng) << 19);
	if (number == BARLEASE_FEATURE_BAR_MEMATTR)
		body[0] = prng_below(&prng, 8);
	ret = CALL(me, ioctl(small.device, VFIO_DEVICE_FEATURE, feature));
	SAY(me, "feature %#x, flags %#x, argsz %u: %d", number, feature->flags,
	    feature->argsz, ret);
	if (ret > 0 && makes_fd(number, feature->flags))
		close(ret);
	if (fd >= 0)
		close(fd);
}

void step_feature(struct actor *me, const uint32_t *arg)
{
	many(me, arg, one_feature);
}

/* Ranges of any size, some past the end: only what the BAR has is given */
void step_any_export(struct actor *me, const uint32_t *arg)
{
	struct vfio_region_dma_range ranges[4];
	struct prng prng = prng_seeded(arg[0]);
	uint32_t n = arg[1] % 5, bad = 0;
	int fd;

	for (uint32_t i = 0; i < n && i < 4; i++) {
		ranges[i].offset = prng_below(&prng, BAR_PAGES) * PAGE;
		ranges[i].length = prng_below(&prng, BAR_PAGES / 4) * PAGE;
		if (!prng_below(&prng, 8))
			ranges[i].length = -prng_below(&prng, 3) * PAGE;
		if (!prng_below(&prng, 8))
			ranges[i].offset += prng_below(&prng, 4096);
		bad += !ranges[i].length || ranges[i].length % PAGE ||
		       ranges[i].offset % PAGE ||
		       ranges[i].offset > BAR_PAGES * PAGE ||
		       ranges[i].length > BAR_PAGES * PAGE - ranges[i].offset;
	}
	if (n > 4)
		n = 0;
	fd = CALL(me, lease_export(small.device, arg[2] & 7 ? BAR2 : arg[2] >> 3,
				   O_RDWR | O_CLOEXEC, ranges, n));
	SAY(me, "export %u ranges, %u of them bad: %d", n, bad, fd);
	if (fd < 0)
		return;
	if ((bad || !n) && (arg[2] & 7))
		escape(me, "an export of %u ranges, %u of them bad, went well",
		       n, bad);
	if (arg[3] & 1)
		CALL(me, lease_revoke(small.device, fd));
	close(fd);
}

void step_bar_map(struct actor *me, const uint32_t *arg)
{
	uint64_t start = vfio_region(&small, BAR2).offset;
	uint32_t first = arg[0] % (BAR_PAGES + 8), n = arg[1] % 1100 + 1;
	struct barlease_mapped_as as = { .flags = arg[2] & 1 };
	struct page seen;
	uint32_t words[WORDS];
	mapping_t at;

	at = CALL(me, mmap(NULL, n * PAGE, RW, arg[2] & 0x30 ? MAP_SHARED :
			   MAP_PRIVATE, small.device, start + first * PAGE));
	SAY(me, "map %u pages of the BAR from %u on: %p", n, first, at);
	if (at == MAP_FAILED)
		return;
	if (first + n > BAR_PAGES || !(arg[2] & 0x30))
		escape(me, "%u pages of the BAR from %u on are mapped", n,
		       first);
	as.address = (uintptr_t)at + arg[3] % n * PAGE;
	CALL(me, vfio_feature(small.device, BARLEASE_FEATURE_MAPPED_AS,
			      VFIO_DEVICE_FEATURE_GET, &as, sizeof(as)));
	if (CALL(me, try_read32(at, &words[0])) == ACCESS_DONE &&
	    CALL(me, try_read32(at + 4, &words[1])) == ACCESS_DONE &&
	    (!known(words, &seen) || seen.page != first))
		escape(me, "page %u of the BAR reads %#x %#x", first, words[0],
		       words[1]);
	CALL(me, munmap((void *)at, n * PAGE));
}

/* By read(), and config space; what is written there is written back */
void step_region(struct actor *me, const uint32_t *arg)
{
	uint64_t start = vfio_region(&small, arg[0] % 10).offset;
	uint32_t bars[6], ones = ~0u;

	SAY(me, "region %u", arg[0] % 10);
	if (arg[1] & 3) {
		CALL(me, pread(small.device, scratch(), arg[2] % 64 + 1,
			       start + arg[3] % (BAR_PAGES * 4096)));
		return;
	}
	start = vfio_region(&small, VFIO_PCI_CONFIG_REGION_INDEX).offset + 0x10;
	if (CALL(me, pread(small.device, bars, sizeof(bars), start)) !=
	    sizeof(bars))
		return;
	CALL(me, pwrite(small.device, &ones, 4, start + arg[2] % 6 * 4));
	CALL(me, pread(small.device, &ones, 4, start + arg[2] % 6 * 4));
	CALL(me, pwrite(small.device, bars, sizeof(bars), start));
}

/* The rest of VFIO's calls, and some that there are not */
static void one_call(struct actor *me, const uint32_t *arg)
{
	static const uint8_t numbers[] = { 7, 8, 9, 10, 12, 13, 14, 15, 16, 18,
					   21, 23, 24, 25, 26 };
	uint32_t *bytes = scratch();
	struct prng prng = prng_seeded(arg[1]);
	unsigned long number;
	int ret;

	number = _IO(VFIO_TYPE, VFIO_BASE + numbers[arg[0] % N(numbers)]);
	for (int i = 0; i < 32; i++)
		bytes[i] = prng_below(&prng, 6);
	if (arg[2] & 1)
		bytes[prng_below(&prng, 8)] = prng_next(&prng);
	bytes[0] = arg[2] & 0x30 ? 32 + prng_below(&prng, 96) : arg[3];
	/* An eventfd: none of the process's */
	if (number == VFIO_DEVICE_SET_IRQS)
		bytes[5] = -1;
	/* 6.12's vfio-pci-core takes a negative offset for a BAR's: an oops */
	if (number == VFIO_DEVICE_IOEVENTFD)
		bytes[3] &= ~(1u << 31);
	ret = CALL(me, ioctl(small.device, number, bytes));
	SAY(me, "call %#lx: %d", number, ret);
}

void step_call(struct actor *me, const uint32_t *arg)
{
	many(me, arg, one_call);
}

void step_hot_reset(struct actor *me, const uint32_t *arg)
{
	int ret;

	/* Everybody waits for it */
	if (arg[0] & 3)
		return;
	ret = CALL(me, vfio_hot_reset(&small));
	me->tally->resets++;
	SAY(me, "hot reset: %d", ret);
}

/* What VFIO lets a device reach is not a mapping; it goes before the pages do */
void step_dma(struct actor *me, const uint32_t *arg)
{
	uint64_t start = vfio_region(&small, BAR2).offset;
	uint32_t n = arg[0] % 64 + 1, first = arg[1] % (BAR_PAGES - n);
	void *at = CALL(me, mmap(NULL, n * PAGE, RW, MAP_SHARED, small.device,
				 start + first * PAGE));
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = (uintptr_t)at,
		.iova = (uint64_t)(arg[2] & 0xffff) << 24,
		.size = n * PAGE,
	};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = map.iova,
		.size = map.size,
	};
	int ret = -1;

	if (at == MAP_FAILED)
		return;
	/*
	 * A BAR beyond the IOMMU's addresses is refused by the kernel's page tables
	 * for it, with a WARNING, whatever driver the BAR's device has.
	 */
	if (device_reachable())
		ret = CALL(me, ioctl(small.container, VFIO_IOMMU_MAP_DMA, &map));
	SAY(me, "map %u pages of the BAR for DMA: %d", n, ret);
	if (!ret)
		CALL(me, ioctl(small.container, VFIO_IOMMU_UNMAP_DMA, &unmap));
	CALL(me, munmap(at, n * PAGE));
}
