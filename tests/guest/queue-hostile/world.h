/* SPDX-License-Identifier: MIT */
/*
 * Who is there, and what they have
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Two devices, edu each, in address spaces of their own. Of each, one slice has the
 * registers that do DMA and interrupt; of the first, another one has registers that do
 * nothing, and a window of its own in the same address space. All slices have one
 * holder at a time.
 */
#ifndef QUEUE_HOSTILE_WORLD_H
#define QUEUE_HOSTILE_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <barlease.h>

#include "lease.h"
#include "peer.h"
#include "plug.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define CLIENTS		4
#define DEVICES		2
#define NOBODY		(-1)

enum { ONE, BESIDE, TWO, SLICES };

/* What the device copies at once; memory is looked at in such cells */
#define CELL		2048
#define PAGE_CELLS	((int)(PAGE / CELL))
/* Of a client, for each device: so no two devices write to the same */
#define HALF_PAGES	12
#define CELLS		(DEVICES * HALF_PAGES * PAGE_CELLS)
#define EVENTFDS	2

struct slice {
	const char *name;
	int device;
	const char *ranges;
};

extern const struct slice slices[SLICES];

/* @live: may have been signalled in this step. Else @has is all that it has, for good */
struct eventfd {
	int fd;
	bool live;
	uint64_t has;
};

/* @want: what each cell is filled with, as eight bytes of it */
struct client {
	struct peer peer;
	uid_t uid;
	bool connected;
	struct barlease_memory memory;
	uint64_t want[CELLS];
	struct eventfd eventfds[DEVICES][EVENTFDS];
};

struct piece {
	uint64_t address;
	uint32_t page;
	uint32_t pages;
	bool read_only;
};

/*
 * @lost_by: who had it until this step. @low ... @high: all addresses that it ever had,
 * since its slice is there. @told: of its interrupt, or NULL
 */
struct lease {
	int holder;
	int lost_by;
	uint32_t id;
	struct piece pieces[HALF_PAGES];
	uint32_t nr_pieces;
	struct eventfd *told;
	uint64_t low;
	uint64_t high;
};

/* @client is NULL: no memory at all */
struct spot {
	struct client *client;
	int cell;
};

/*
 * @has: what its own memory is filled with. @flying: to @address, which leads to
 * @target, and nobody has seen it done yet. @sure: it leads there since it began
 */
struct device {
	struct plugged edu;
	uint64_t has;
	bool flying;
	uint64_t address;
	struct spot target;
	bool sure;
};

/* What has come of steps */
enum outcome {
	MAPPED, REFUSED, ARRIVED, NOWHERE, READ, NOT_READ, TOLD, UNTOLD, ENDED,
	MIDDLES, OUTCOMES
};

struct world {
	const char *backend;
	uint32_t variant;	/* of the configuration */
	pid_t broker;
	int admin;
	int fds;
	int dmabufs;
	struct client clients[CLIENTS];
	struct lease leases[SLICES];
	struct device devices[DEVICES];
	uint64_t stamp;		/* the last one */
	unsigned long *counts;	/* of outcomes */
	char wrong[256];	/* what was, first; or "" */
};

extern struct world world;

/* Something is not as it has to be. The round ends */
void wrong(const char *what, ...) __attribute__((format(printf, 1, 2)));
static inline bool is_wrong(void)
{
	return world.wrong[0];
}

static inline void count(enum outcome what)
{
	world.counts[what]++;
}

/* Of a device, the slice that has the registers that do something */
static inline int driver_of(int device)
{
	return device == slices[ONE].device ? ONE : TWO;
}

#endif
