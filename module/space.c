// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's space of page offsets
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/mm.h>

#include "bar.h"
#include "device.h"
#include "space.h"

/* vfio-pci-core zaps up to here, and no further */
#define SPACE_BYTES VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_ROM_REGION_INDEX)
#define SPACE_PAGES ((unsigned long)(SPACE_BYTES >> PAGE_SHIFT))

static unsigned long bar_pgoff(int bar)
{
	return VFIO_PCI_INDEX_TO_OFFSET(bar) >> PAGE_SHIFT;
}

/*
 * A BAR of more than 1 TiB reaches into the offsets of the next index. Those
 * are its own where that index has no BAR, as with the upper half of a 64-bit
 * one; and where it has, or the offsets end, nobody can map what is beyond.
 */
unsigned long barlease_space_bar_pages(struct barlease_device *bdev,
				       unsigned int bar)
{
	u64 size = barlease_bar_size(&bdev->core, bar);
	unsigned int next = bar + 1;

	while (next < PCI_STD_NUM_BARS && !barlease_bar_size(&bdev->core, next))
		next++;
	return min_t(u64, size >> PAGE_SHIFT, bar_pgoff(next) - bar_pgoff(bar));
}

static int reserve_bar(struct barlease_device *bdev, int bar)
{
	unsigned long pages = barlease_space_bar_pages(bdev, bar);
	unsigned long first = bar_pgoff(bar);

	if (!pages)
		return 0;

	return mtree_insert_range(&bdev->space, first, first + pages - 1, bdev,
				  GFP_KERNEL);
}

static unsigned long largest_gap(struct barlease_device *bdev)
{
	MA_STATE(mas, &bdev->space, 0, 0);
	unsigned long largest = 0, gap_start = 0;

	mas_lock(&mas);
	while (mas_find(&mas, SPACE_PAGES - 1)) {
		largest = max(largest, mas.index - gap_start);
		gap_start = mas.last + 1;
	}
	mas_unlock(&mas);

	return max(largest, SPACE_PAGES - gap_start);
}

int barlease_space_init(struct barlease_device *bdev)
{
	int bar, ret;

	mt_init_flags(&bdev->space, MT_FLAGS_ALLOC_RANGE);

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		ret = reserve_bar(bdev, bar);
		if (ret) {
			barlease_space_destroy(bdev);
			return ret;
		}
	}

	bdev->space_largest = largest_gap(bdev);
	return 0;
}

void barlease_space_destroy(struct barlease_device *bdev)
{
	mtree_destroy(&bdev->space);
}

static int alloc_from(struct barlease_device *bdev, unsigned long first,
		      unsigned long pages, unsigned long *pgoff)
{
	if (pages > SPACE_PAGES - first)
		return -EBUSY;
	return mtree_alloc_range(&bdev->space, pgoff, bdev, pages, first,
				 SPACE_PAGES - 1, GFP_KERNEL_ACCOUNT);
}

int barlease_space_alloc(struct barlease_device *bdev, u64 size,
			 unsigned long *pgoff)
{
	u64 pages = size >> PAGE_SHIFT;
	int ret;

	if (pages > bdev->space_largest)
		return -E2BIG;

	/* Racing callers may start at the same place: a hint, no more. */
	ret = alloc_from(bdev, READ_ONCE(bdev->space_next), pages, pgoff);
	if (ret == -EBUSY)
		ret = alloc_from(bdev, 0, pages, pgoff);
	if (ret)
		return ret == -EBUSY ? -ENOSPC : ret;

	WRITE_ONCE(bdev->space_next, *pgoff + pages);
	return 0;
}

void barlease_space_free(struct barlease_device *bdev, unsigned long pgoff)
{
	mtree_erase(&bdev->space, pgoff);
}

void barlease_space_zap(struct barlease_device *bdev, unsigned long pgoff,
			u64 size)
{
	/* In pages: unmap_mapping_range() cuts bytes to 32 bits, where long has them */
	unmap_mapping_pages(barlease_mapping(bdev), pgoff, size >> PAGE_SHIFT,
			    true);
}

void barlease_space_zap_all(struct barlease_device *bdev)
{
	barlease_space_zap(bdev, 0, SPACE_BYTES);
}
