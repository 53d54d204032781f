/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device: vfio-pci's, and what leases add to it
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_DEVICE_H
#define BARLEASE_DEVICE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <linux/srcu.h>
#include <linux/vfio_pci_core.h>
#include <linux/wait.h>

#include "msix.h"

struct barlease_bar_parts;
struct barlease_stats;

/**
 * struct barlease_device - one PCI device bound to this driver
 * @core: vfio-pci-core's part; must be first
 * @space: who has which pages of the device's space of offsets, see space.h
 * @space_largest: pages in the largest gap that @space can ever have
 * @space_next: where to look for room first, see barlease_space_alloc()
 * @buffers: every buffer whose DMABUF is not released yet
 * @buffers_lock: the lock of @buffers
 * @reset_srcu: read side held while page tables are filled, see access.h
 * @resetting: how many want page tables left alone, see access.h
 * @queued: how many faults are in the queue for core.memory_lock
 * @reset_wait: waiters for @resetting or @queued to become 0
 * @revoke_wait: waiters for the last fill of a revoked buffer, for the last
 *   mapping of an importer, or for somebody else's revoke
 * @importers: the buffers that other devices are attached to
 * @importers_mapped: how many mappings those devices have
 * @importers_forbidden: how many want no device to have a mapping
 * @importers_lock: the lock of @importers
 * @bar_parts: of each BAR, which parts have which memory attribute for BAR maps
 *   to come; NULL where all of it is uncached
 * @bar_parts_admin: the same without what the owner has said, for after the
 *   last close
 * @bar_parts_lock: the lock of those two; mmap() takes it
 * @core_exports: VFIO_DEVICE_FEATURE_DMA_BUF is the core's, see core-export.h
 * @af_cap: where config space has the "advanced features", or 0
 * @msix: which bytes of its BARs no lease has unasked; found at the first open
 * @stats: what has happened to its leases, see stats.h
 * @debugfs: the table of its leases
 * @failed: after a fatal error of the link, until the device is back
 * @recovering: the PCI core is at such an error, and resets the link
 * @reset_in_recovery: the device was reset meanwhile
 * @recovery_timeout: when it has failed if nobody has said that it is over
 * @recovery_wait: waiters for the end of a recovery
 * @config: config space as the first open has made it, for after an error
 * @error_lock: the lock of all these but @recovery_wait; faults read @failed
 *   without it
 *
 * Lock order: mmap_lock, core.memory_lock, buffers_lock; and mmap_lock,
 * bar_parts_lock; importers_lock is by itself, and none of these is held while
 * importers are waited for. User memory is never touched under any but the
 * first: it may be a leased BAR itself, whose fault needs core.memory_lock.
 */
struct barlease_device {
	struct vfio_pci_core_device core;
	struct maple_tree space;
	unsigned long space_largest;
	unsigned long space_next;
	struct list_head buffers;
	struct mutex buffers_lock; /* of buffers */
	struct srcu_struct reset_srcu;
	atomic_t resetting;
	atomic_t queued;
	wait_queue_head_t reset_wait;
	wait_queue_head_t revoke_wait;
	struct list_head importers;
	atomic_t importers_mapped;
	atomic_t importers_forbidden;
	struct mutex importers_lock; /* of importers, and of their lists */
	struct barlease_bar_parts *bar_parts[PCI_STD_NUM_BARS];
	struct barlease_bar_parts *bar_parts_admin[PCI_STD_NUM_BARS];
	struct mutex bar_parts_lock; /* of bar_parts, bar_parts_admin */
	bool core_exports;
	u8 af_cap;
	struct barlease_msix msix;
	struct barlease_stats __percpu *stats;
	struct dentry *debugfs;
	bool failed;
	bool recovering;
	bool reset_in_recovery;
	unsigned long recovery_timeout;
	wait_queue_head_t recovery_wait;
	struct pci_saved_state *config;
	struct mutex error_lock; /* of failed, recovering, config */
};

static inline struct barlease_device *
barlease_from_vfio(struct vfio_device *vfio)
{
	return container_of(vfio, struct barlease_device, core.vdev);
}

static inline struct barlease_device *barlease_from_pci(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	return container_of(core, struct barlease_device, core);
}

static inline struct address_space *
barlease_mapping(struct barlease_device *bdev)
{
	return bdev->core.vdev.inode->i_mapping;
}

extern const struct vfio_device_ops barlease_device_ops;

#endif /* BARLEASE_DEVICE_H */
