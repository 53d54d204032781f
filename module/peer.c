// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer-to-peer: how another device reaches a BAR of this one
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/pci.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "buffer.h"
#include "compat.h"
#include "device.h"
#include "peer.h"

/* All ranges of a buffer are in one BAR. */
static int bar_of(const struct barlease_buffer *buffer)
{
	struct pci_dev *pdev = buffer->bdev->core.pdev;
	u64 phys = buffer->ranges.range[0].phys_start;
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		if (pci_resource_len(pdev, bar) &&
		    phys >= pci_resource_start(pdev, bar) &&
		    phys <= pci_resource_end(pdev, bar))
			return bar;
	return -ENODEV;
}

static struct p2pdma_provider *provider_of(const struct barlease_buffer *buffer)
{
	int bar = bar_of(buffer);

	return bar < 0 ? NULL : pcim_p2pdma_provider(buffer->bdev->core.pdev,
						     bar);
}

static bool reaches(struct device *dev, struct pci_dev *pdev)
{
	return BARLEASE_PEER_POSSIBLE &&
	       pci_p2pdma_distance_many(pdev, &dev, 1, false) >= 0;
}

int barlease_peer_check(const struct barlease_buffer *buffer,
			struct device *dev)
{
	return provider_of(buffer) && reaches(dev, buffer->bdev->core.pdev) ?
	       0 : -EOPNOTSUPP;
}

static u64 end_of(const struct barlease_ranges *ranges, u32 i)
{
	return i + 1 < ranges->nr ? ranges->range[i + 1].range_start :
				    ranges->size;
}

static struct sg_table *map_range(struct dma_buf_attachment *attachment, u32 i,
				  enum dma_data_direction direction)
{
	const struct barlease_buffer *buffer = attachment->dmabuf->priv;
	const struct barlease_range *range = &buffer->ranges.range[i];
	struct phys_vec phys = {
		.paddr = range->phys_start,
		.len = end_of(&buffer->ranges, i) - range->range_start,
	};

	return dma_buf_phys_vec_to_sgt(attachment, provider_of(buffer), &phys,
				       1, phys.len, direction);
}

/*
 * Kernels up to 7.3 say by orig_nents that a table has nothing for the CPU, and
 * then take it for empty when they free it: every mapping would lose its entries.
 */
static void free_table(struct dma_buf_attachment *attachment,
		       struct sg_table *table,
		       enum dma_data_direction direction)
{
	table->orig_nents = table->nents;
	dma_buf_free_sgt(attachment, table, direction);
}

/* --- several ranges --- */

/**
 * struct tables - one table of several
 * @table: what the importer sees
 * @nr: how many tables there are
 * @of: the table of each range
 *
 * Kernels up to 7.3 link all ranges of one call to the first IOVA, which fails
 * for the second of them. So each has a call of its own.
 */
struct tables {
	struct sg_table table;
	u32 nr;
	struct sg_table *of[];
};

static void free_tables(struct dma_buf_attachment *attachment,
			struct tables *tables,
			enum dma_data_direction direction)
{
	while (tables->nr)
		free_table(attachment, tables->of[--tables->nr], direction);
	tables->table.orig_nents = tables->table.nents;
	sg_free_table(&tables->table);
	kvfree(tables);
}

/* For device addresses only, as those of the kernel */
static int join_tables(struct tables *tables)
{
	struct scatterlist *to, *from;
	unsigned int entries = 0;
	int ret, j;
	u32 i;

	for (i = 0; i < tables->nr; i++)
		entries += tables->of[i]->nents;

	ret = sg_alloc_table(&tables->table, entries, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;

	to = tables->table.sgl;
	for (i = 0; i < tables->nr; i++) {
		for_each_sgtable_dma_sg(tables->of[i], from, j) {
			sg_dma_address(to) = sg_dma_address(from);
			sg_dma_len(to) = sg_dma_len(from);
			to = sg_next(to);
		}
	}

	/* No entry has a page. */
	tables->table.orig_nents = 0;
	return 0;
}

static int map_each(struct dma_buf_attachment *attachment,
		    struct tables *tables, u32 nr,
		    enum dma_data_direction direction)
{
	struct sg_table *table;

	while (tables->nr < nr) {
		table = map_range(attachment, tables->nr, direction);
		if (IS_ERR(table))
			return PTR_ERR(table);
		tables->of[tables->nr++] = table;
	}
	return join_tables(tables);
}

static struct sg_table *map_ranges(struct dma_buf_attachment *attachment,
				   u32 nr, enum dma_data_direction direction)
{
	struct tables *tables;
	int ret;

	tables = kvzalloc(struct_size(tables, of, nr), GFP_KERNEL_ACCOUNT);
	if (!tables)
		return ERR_PTR(-ENOMEM);

	ret = map_each(attachment, tables, nr, direction);
	if (ret) {
		free_tables(attachment, tables, direction);
		return ERR_PTR(ret);
	}
	return &tables->table;
}

/* --- a buffer --- */

static struct sg_table *map(struct dma_buf_attachment *attachment,
			    enum dma_data_direction direction)
{
	const struct barlease_buffer *buffer = attachment->dmabuf->priv;

	return buffer->ranges.nr == 1 ?
	       map_range(attachment, 0, direction) :
	       map_ranges(attachment, buffer->ranges.nr, direction);
}

void barlease_peer_unmap(struct dma_buf_attachment *attachment,
			 struct sg_table *table,
			 enum dma_data_direction direction)
{
	const struct barlease_buffer *buffer = attachment->dmabuf->priv;

	if (buffer->ranges.nr == 1)
		free_table(attachment, table, direction);
	else
		free_tables(attachment,
			    container_of(table, struct tables, table),
			    direction);
}

/* By an IOMMU, which is what can keep a device from writing */
static bool translated(const struct barlease_buffer *buffer,
		       const struct sg_table *table)
{
	struct pci_dev *pdev = buffer->bdev->core.pdev;
	u64 phys = buffer->ranges.range[0].phys_start;
	dma_addr_t address = sg_dma_address(table->sgl);
	int bar = bar_of(buffer);

	return bar >= 0 && address != phys &&
	       address != pci_bus_address(pdev, bar) + phys -
			  pci_resource_start(pdev, bar);
}

struct sg_table *barlease_peer_map(struct dma_buf_attachment *attachment,
				   enum dma_data_direction direction)
{
	struct dma_buf *dmabuf = attachment->dmabuf;
	bool read_only = !(dmabuf->file->f_mode & FMODE_WRITE);
	struct sg_table *table;

	if (read_only && direction != DMA_TO_DEVICE)
		return ERR_PTR(-EACCES);

	table = map(attachment, direction);
	if (IS_ERR(table) || !read_only || translated(dmabuf->priv, table))
		return table;

	barlease_peer_unmap(attachment, table, direction);
	return ERR_PTR(-EACCES);
}

/* --- sysfs --- */

static struct pci_dev *find_device(const char *name, size_t length)
{
	char text[32];
	struct device *dev;

	if (length >= sizeof(text))
		return NULL;

	memcpy(text, name, length);
	text[length] = '\0';
	dev = bus_find_device_by_name(&pci_bus_type, NULL, strim(text));
	return dev ? to_pci_dev(dev) : NULL;
}

/* Written: "DDDD:BB:DD.F"; the result is the answer */
static ssize_t peer_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct pci_dev *peer = find_device(buf, count);
	bool reached;

	if (!peer)
		return -ENODEV;

	reached = reaches(&peer->dev, to_pci_dev(dev));
	pci_dev_put(peer);
	return reached ? count : -EOPNOTSUPP;
}

struct device_attribute barlease_peer_attribute =
	__ATTR(peer, 0200, NULL, peer_store);
