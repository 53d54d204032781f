/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peer-to-peer: how another device reaches a BAR of this one
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BARLEASE_PEER_H
#define BARLEASE_PEER_H

#include <linux/dma-direction.h>

struct barlease_buffer;
struct device;
struct device_attribute;
struct dma_buf_attachment;
struct sg_table;

/**
 * barlease_peer_check() - can a device reach this one?
 * @buffer: exported, and not revoked
 * @dev: the device that is to reach it
 *
 * Return: 0, or -EOPNOTSUPP: the kernel lacks it, @dev is no PCI device, or what
 * is between the two is not known to pass it on.
 */
int barlease_peer_check(const struct barlease_buffer *buffer,
			struct device *dev);

/**
 * barlease_peer_map() - map a buffer for a device
 * @attachment: the device's; the reservation lock is held
 * @direction: of its accesses
 *
 * Return: the table, for barlease_peer_unmap(). Or ERR_PTR(): -EACCES the lease is
 * read-only, and nothing would keep the device from writing; -ENOMEM; what the
 * DMA API says.
 */
struct sg_table *barlease_peer_map(struct dma_buf_attachment *attachment,
				   enum dma_data_direction direction);

void barlease_peer_unmap(struct dma_buf_attachment *attachment,
			 struct sg_table *table,
			 enum dma_data_direction direction);

/* Can that device reach this one? In sysfs */
extern struct device_attribute barlease_peer_attribute;

#endif /* BARLEASE_PEER_H */
