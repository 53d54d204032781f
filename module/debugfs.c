// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of a device's leases in debugfs
 *
 * Copyright (C) 2026 The barlease authors
 *
 * One line a DMABUF that has not been released: its inode (of BAR maps, "-"), size,
 * attribute for mappings to come, whether it is revoked or paused, how many mappings
 * other devices have, and which bytes of which BAR it is of.
 */
#include <linux/debugfs.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#include "buffer.h"
#include "compat.h"
#include "debugfs.h"
#include "device.h"
#include "importer.h"

/* Ranges that a line shows; the others it counts */
#define MAX_SHOWN	8

static struct dentry *root;

static void *leases_start(struct seq_file *file, loff_t *pos)
{
	struct barlease_device *bdev = file->private;

	mutex_lock(&bdev->buffers_lock);
	return seq_list_start_head(&bdev->buffers, *pos);
}

static void *leases_next(struct seq_file *file, void *at, loff_t *pos)
{
	struct barlease_device *bdev = file->private;

	return seq_list_next(at, &bdev->buffers, pos);
}

static void leases_stop(struct seq_file *file, void *at)
{
	struct barlease_device *bdev = file->private;

	mutex_unlock(&bdev->buffers_lock);
}

static void show_range(struct seq_file *file, struct pci_dev *pdev, u64 start,
		       u64 length)
{
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		u64 bar_start = pci_resource_start(pdev, bar);

		if (start >= bar_start &&
		    start - bar_start < pci_resource_len(pdev, bar)) {
			seq_printf(file, " %d:0x%llx+0x%llx", bar,
				   start - bar_start, length);
			return;
		}
	}
}

static void show_ranges(struct seq_file *file, struct pci_dev *pdev,
			const struct barlease_ranges *ranges)
{
	struct barlease_extent extent;
	bool more = barlease_ranges_find(ranges, 0, &extent);

	for (; more && extent.index < MAX_SHOWN;
	     more = barlease_ranges_next(ranges, &extent))
		show_range(file, pdev, extent.phys_start,
			   extent.range_end - extent.range_start);
	if (more)
		seq_printf(file, " and %u more", ranges->nr - MAX_SHOWN);
}

static const char *memattr_name(const struct barlease_buffer *buffer)
{
	switch (READ_ONCE(buffer->memattr)) {
	case VFIO_DEVICE_FEATURE_DMA_BUF_MEMATTR_WC:
		return "wc";
	case BARLEASE_MEMATTR_PARTS:
		return "parts";
	default:
		return "nc";
	}
}

static const char *state_name(const struct barlease_buffer *buffer)
{
	if (barlease_buffer_revoked(buffer))
		return "revoked";
	return barlease_buffer_paused(buffer) ? "paused" : "live";
}

static int leases_show(struct seq_file *file, void *at)
{
	const struct barlease_device *bdev = file->private;
	const struct barlease_buffer *buffer;

	if (at == &bdev->buffers) {
		seq_puts(file, "# inode size memattr state importer-maps bar:offset+length...\n");
		return 0;
	}

	buffer = list_entry(at, struct barlease_buffer, node);
	if (buffer->bar_map)
		seq_putc(file, '-');
	else
		seq_printf(file, "%lu", buffer->ino);
	seq_printf(file, " 0x%llx %s %s %u", buffer->ranges.size,
		   memattr_name(buffer),
		   state_name(buffer),
		   barlease_importers_mapped(buffer));
	show_ranges(file, bdev->core.pdev, &buffer->ranges);
	seq_putc(file, '\n');
	return 0;
}

static const struct seq_operations leases_sops = {
	.start	= leases_start,
	.next	= leases_next,
	.stop	= leases_stop,
	.show	= leases_show,
};
DEFINE_SEQ_ATTRIBUTE(leases);

void barlease_debugfs_add(struct barlease_device *bdev)
{
	bdev->debugfs = debugfs_create_file(pci_name(bdev->core.pdev), 0400,
					    root, bdev, &leases_fops);
}

/* Waits for who is reading. */
void barlease_debugfs_remove(struct barlease_device *bdev)
{
	debugfs_remove(bdev->debugfs);
}

void barlease_debugfs_init(void)
{
	root = debugfs_create_dir("barlease", NULL);
}

void barlease_debugfs_exit(void)
{
	debugfs_remove(root);
}
