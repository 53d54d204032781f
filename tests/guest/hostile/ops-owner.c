// SPDX-License-Identifier: MIT
/*
 * What the owner does: it gives leases out, and takes them back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "message.h"
#include "model.h"
#include "ops.h"
#include "owner.h"
#include "prng.h"

#define MAX_CELLS	64
#define SLOTS		16

/* The BAR is cut into these; each is part of one lease at most */
static struct cell {
	uint32_t first;
	uint32_t n;
	bool taken;
} cells[MAX_CELLS];
static uint32_t nr_cells;

static struct slot {
	uint16_t gen;
	int fd;
	uint32_t cells[RANGES];
	uint32_t nr_cells;
} slots[SLOTS];

static uint16_t next_gen;

/* Odd, and huge, and neighbours of each other, and at the edges of huge pages */
void owner_begin(struct actor *me, uint64_t seed)
{
	const uint32_t sizes[] = {
		1, 2, 3, 9, HUGE_PAGES - 1, HUGE_PAGES, HUGE_PAGES,
		HUGE_PAGES + 1, 2 * HUGE_PAGES, 2 * HUGE_PAGES + 7,
		3 * HUGE_PAGES, 5 * HUGE_PAGES - 2,
	};
	struct prng prng = prng_seeded(seed);
	uint32_t first = 0;

	next_gen = 1;
	memset(slots, 0, sizeof(slots));
	for (nr_cells = 0; nr_cells < MAX_CELLS; nr_cells++) {
		uint32_t n = sizes[prng_below(&prng, 12)];

		if (prng_below(&prng, 3) == 0)
			first = (first + HUGE_PAGES - 1) & ~(HUGE_PAGES - 1);
		if (first + n > BAR_PAGES)
			break;
		cells[nr_cells] = (struct cell){ first, n, false };
		first += n;
	}
	device_clear(me);
}

void owner_end(struct actor *me)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		if (!slots[i].gen)
			continue;
		lease_revoke(small.device, slots[i].fd);
		close(slots[i].fd);
		slots[i].gen = 0;
	}
	device_switch(me, true);
}

static struct slot *free_slot(void)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		if (!slots[i].gen)
			return &slots[i];
	return NULL;
}

static struct slot *used_slot(uint32_t number)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &slots[(number + i) % SLOTS];

		if (slot->gen)
			return slot;
	}
	return NULL;
}

/* --- export --- */

static void take_cells(struct slot *slot, const uint32_t *arg)
{
	uint32_t wants = arg[0] & 1 ? 1 : 1 + arg[0] % RANGES;

	slot->nr_cells = 0;
	for (uint32_t i = 0; i < nr_cells && slot->nr_cells < wants; i++) {
		uint32_t cell = (arg[1] + i * (arg[2] % 7 + 1)) % nr_cells;

		if (cells[cell].taken)
			continue;
		cells[cell].taken = true;
		slot->cells[slot->nr_cells++] = cell;
	}
}

static void give_cells_back(struct actor *me, struct slot *slot)
{
	for (uint32_t i = 0; i < slot->nr_cells; i++) {
		struct cell *cell = &cells[slot->cells[i]];

		device_give(me, cell->first, cell->n, 0);
		cell->taken = false;
	}
}

static void describe(struct actor *me, struct slot *slot,
		     struct vfio_region_dma_range *ranges)
{
	struct lease *lease = lease_nr(slot->gen);

	lease->pages = 0;
	lease->nr_ranges = slot->nr_cells;
	for (uint32_t i = 0; i < slot->nr_cells; i++) {
		const struct cell *cell = &cells[slot->cells[i]];

		lease->range[i].first = cell->first;
		lease->range[i].n = cell->n;
		lease->pages += cell->n;
		device_give(me, cell->first, cell->n, slot->gen);
		ranges[i].offset = cell->first * PAGE;
		ranges[i].length = cell->n * PAGE;
		SAY(me, "lease %u, range %u: %u pages from page %u on",
		    slot->gen, i, cell->n, cell->first);
	}
}

/* To one or more threads of a client, who may pass it on */
static void hand_over(struct actor *me, const struct slot *slot, uint32_t number)
{
	int first = FIRST_THREAD + number % CLIENTS * THREADS;

	for (int i = 0; i < THREADS; i++) {
		if (i && !(number >> 8 & 3))
			continue;
		CALL(me, message_send(outbox[first + i], &slot->gen,
				      sizeof(slot->gen), slot->fd));
		SAY(me, "lease %u goes to %d", slot->gen, first + i);
	}
}

static int export_slot(const struct slot *slot, const struct lease *lease,
		       const struct vfio_region_dma_range *ranges)
{
	const struct vfio_device_feature_dma_buf what = {
		.region_index = BAR2,
		.open_flags = O_CLOEXEC |
			      (lease->readonly ? O_RDONLY : O_RDWR),
		.flags = lease->ones ? BARLEASE_DMA_BUF_ONES : 0,
		.nr_ranges = slot->nr_cells,
	};

	return lease_export_as(small.device, &what, ranges);
}

void step_export(struct actor *me, const uint32_t *arg)
{
	struct vfio_region_dma_range ranges[RANGES];
	struct slot *slot = free_slot();
	struct lease *lease;

	if (!slot || next_gen >= GENERATIONS)
		return;
	take_cells(slot, arg);
	if (!slot->nr_cells)
		return;
	slot->gen = next_gen++;
	lease = lease_nr(slot->gen);
	lease->readonly = !(arg[3] & 3);
	lease->ones = arg[3] & 8;
	atomic_store(&lease->lost_at, STILL_HELD);
	atomic_store(&lease->clients, 1u << (arg[3] >> 4) % CLIENTS);
	describe(me, slot, ranges);
	atomic_store(&lease->phase, ALIVE);
	slot->fd = CALL(me, export_slot(slot, lease, ranges));
	SAY(me, "export lease %u%s%s: %d", slot->gen,
	    lease->readonly ? " for reading" : "",
	    lease->ones ? " that ends in ones" : "", slot->fd);
	if (slot->fd < 0) {
		escape(me, "export: %s", strerrorname_np(-slot->fd));
		slot->gen = 0;
		return;
	}
	if (arg[3] & 4)
		CALL(me, lease_set_memattr(small.device, slot->fd, WC));
	hand_over(me, slot, arg[3] >> 4);
}

/* --- revoke --- */

static int revoke_by_state(int fd)
{
	struct barlease_dma_buf_state state = {
		.dmabuf_fd = fd,
		.flags = BARLEASE_DMA_BUF_REVOKED,
	};

	return vfio_feature(small.device, BARLEASE_FEATURE_DMA_BUF_STATE,
			    VFIO_DEVICE_FEATURE_SET, &state, sizeof(state));
}

static int revoke_by_any(int fd, uint32_t how)
{
	switch (how % 3) {
	case 0:
		return revoke_by_state(fd);
	case 1:
		return lease_revoke_by(BY_IOCTL, small.device, fd);
	default:
		return lease_revoke_by(BY_FEATURE, small.device, fd);
	}
}

static void revoke_slot(struct actor *me, struct slot *slot, uint32_t how)
{
	struct lease *lease = lease_nr(slot->gen);
	int ret, again;

	atomic_store(&lease->phase, GOING);
	ret = CALL(me, revoke_by_any(slot->fd, how));
	atomic_store(&lease->lost_at, atomic_fetch_add(&shared->clock, 1) + 1);
	atomic_store(&lease->phase, GONE);
	me->tally->revokes++;
	SAY(me, "revoke lease %u: %d", slot->gen, ret);
	if (ret)
		escape(me, "revoke of lease %u: %s", slot->gen,
		       strerrorname_np(-ret));
	if (how & 0x100) {
		again = CALL(me, lease_revoke(small.device, slot->fd));
		if (again != -EBADFD)
			escape(me, "a second revoke of lease %u: %d", slot->gen,
			       again);
	}
	give_cells_back(me, slot);
	CALL(me, close(slot->fd));
	slot->gen = 0;
}

void step_revoke(struct actor *me, const uint32_t *arg)
{
	struct slot *slot = used_slot(arg[0]);

	if (slot)
		revoke_slot(me, slot, arg[1]);
}

void step_revoke_all(struct actor *me, const uint32_t *arg)
{
	struct slot *slot;

	device_switch(me, true);
	while ((slot = used_slot(arg[0])))
		revoke_slot(me, slot, arg[0]);
}

/* --- the rest --- */

void step_attribute(struct actor *me, const uint32_t *arg)
{
	struct slot *slot = used_slot(arg[0]);
	int ret;

	if (!slot)
		return;
	ret = CALL(me, lease_set_memattr(small.device, slot->fd,
					 arg[1] & 1 ? WC : NC));
	SAY(me, "attribute of lease %u: %d", slot->gen, ret);
}

/* It is dark meanwhile: a system call that comes then is refused. */
void step_stall(struct actor *me, const uint32_t *arg)
{
	struct slot *slot = used_slot(arg[0]);
	int paused, resumed;

	if (!slot)
		return;
	device_switch(me, true);
	atomic_fetch_add(&shared->dark, 1);
	paused = CALL(me, lease_pause(small.device, slot->fd));
	resumed = CALL(me, lease_resume(small.device, slot->fd));
	atomic_fetch_add(&shared->dark, 1);
	SAY(me, "stall lease %u: %d, %d", slot->gen, paused, resumed);
	if (paused || resumed)
		escape(me, "pause of lease %u: %d, %d", slot->gen, paused,
		       resumed);
}

void step_off(struct actor *me, const uint32_t *arg)
{
	(void)arg;
	me->tally->calls++;
	device_switch(me, false);
}

void step_on(struct actor *me, const uint32_t *arg)
{
	(void)arg;
	me->tally->calls++;
	device_switch(me, true);
}

void step_inspect(struct actor *me, const uint32_t *arg)
{
	uint32_t n = BAR_PAGES / 64;

	SAY(me, "inspect");
	device_inspect(me, arg[0] % (BAR_PAGES - n), n);
}

void step_inspect_all(struct actor *me, const uint32_t *arg)
{
	(void)arg;
	device_inspect(me, 0, BAR_PAGES);
}

void step_reset(struct actor *me, const uint32_t *arg)
{
	int ret = CALL(me, vfio_reset(&small));

	(void)arg;
	me->tally->resets++;
	SAY(me, "reset: %d", ret);
	if (ret)
		escape(me, "reset: %s", strerrorname_np(-ret));
}

void step_low_power(struct actor *me, const uint32_t *arg)
{
	(void)arg;
	device_switch(me, true);
	atomic_fetch_add(&shared->dark, 1);
	CALL(me, vfio_feature(small.device, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY,
			      VFIO_DEVICE_FEATURE_SET, NULL, 0));
	CALL(me, vfio_feature(small.device, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT,
			      VFIO_DEVICE_FEATURE_SET, NULL, 0));
	atomic_fetch_add(&shared->dark, 1);
	SAY(me, "low power, in and out");
}
