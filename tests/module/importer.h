/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * A device that a DMABUF is attached to, and that behaves as a test likes
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Shared between barlease-importer.ko, which exists for tests only, and the
 * tests. Each open of /dev/barlease-importer is one attachment at most; closing
 * it gives everything back.
 */
#ifndef BARLEASE_IMPORTER_H
#define BARLEASE_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* When told to give its mapping back, an importer does so */
#define BARLEASE_IMPORTER_AT_ONCE	0
#define BARLEASE_IMPORTER_LATE		1	/* after a second */
#define BARLEASE_IMPORTER_WHEN_ASKED	2	/* by BARLEASE_UNMAP */
/* The same, and does not come back from being told before */
#define BARLEASE_IMPORTER_BLOCKS	3
/* At once, and tries to map it again right there */
#define BARLEASE_IMPORTER_AGAIN		4

/**
 * BARLEASE_ATTACH - attach a device to a DMABUF
 *
 * @dmabuf_fd: in
 * @domain, @bus, @devfn: in: the PCI device
 * @how: in: BARLEASE_IMPORTER_*
 *
 * Return: 0, or -1 and errno: EBUSY attached already; ENODEV no such device; or
 * what the exporter says.
 */
struct barlease_attach {
	__s32 dmabuf_fd;
	__u32 domain;
	__u8 bus;
	__u8 devfn;
	__u16 how;
};

#define BARLEASE_ATTACH _IOW('b', 16, struct barlease_attach)

/**
 * BARLEASE_MAP - map it for the device
 *
 * @direction: in: enum dma_data_direction
 * @nents: out: entries of the table
 * @address: out: DMA address of the first one
 * @size: out: bytes in all entries
 */
struct barlease_map {
	__u32 direction;
	__u32 nents;
	__u64 address;
	__u64 size;
};

#define BARLEASE_MAP _IOWR('b', 17, struct barlease_map)

/* Give it back; returns what an importer that maps again got: 0 or an errno */
#define BARLEASE_UNMAP _IO('b', 18)

/**
 * BARLEASE_STATE - how it stands
 *
 * @mapped: out: whether there is a mapping
 * @told: out: how often it was told to give it back
 * @again: out: the errno that mapping it again right then came to, or 0
 */
struct barlease_importer_state {
	__u32 mapped;
	__u32 told;
	__u32 again;
};

#define BARLEASE_STATE _IOR('b', 19, struct barlease_importer_state)

/* Put a fence among the buffer's that does not signal before the close */
#define BARLEASE_FENCE _IO('b', 20)

#endif /* BARLEASE_IMPORTER_H */
