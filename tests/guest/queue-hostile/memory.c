// SPDX-License-Identifier: MIT
/*
 * What memory has to be: filled as it was, but for what DMA brings to what is mapped
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <string.h>

#include "shadow.h"

/* ---- Cells -------------------------------------------------------------- */

static uint64_t *words_of(struct spot spot)
{
	return (uint64_t *)((char *)spot.client->memory.at + spot.cell * CELL);
}

uint64_t stamp(struct spot spot)
{
	uint64_t *words = words_of(spot);

	world.stamp++;
	for (size_t i = 0; i < CELL / sizeof(*words); i++)
		words[i] = world.stamp;
	spot.client->want[spot.cell] = world.stamp;
	return world.stamp;
}

static bool is_filled(struct spot spot, uint64_t value)
{
	const uint64_t *words = words_of(spot);

	return words[0] == value &&
	       !memcmp(words, words + 1, CELL - sizeof(*words));
}

bool take_cell(struct spot spot, uint64_t value)
{
	if (!is_filled(spot, value))
		return false;
	spot.client->want[spot.cell] = value;
	return true;
}

static bool same(struct spot a, struct spot b)
{
	return a.client == b.client && (!a.client || a.cell == b.cell);
}

static bool is_flown_to(struct spot spot)
{
	for (int i = 0; i < DEVICES; i++)
		if (world.devices[i].flying &&
		    same(world.devices[i].target, spot))
			return true;
	return false;
}

static void judge_cell(int client, int cell)
{
	struct spot spot = { &world.clients[client], cell };
	uint64_t want = spot.client->want[cell];

	if (!is_filled(spot, want) && !is_flown_to(spot))
		wrong("memory of client %d has changed: cell %d is %#llx, and was %#llx",
		      client, cell, (unsigned long long)*words_of(spot),
		      (unsigned long long)want);
}

void judge_memory(void)
{
	for (int i = 0; i < CLIENTS; i++)
		for (int cell = 0; cell < CELLS; cell++)
			judge_cell(i, cell);
}

static bool leads_to(const struct piece *piece, uint64_t address, bool to_write)
{
	return address - piece->address < piece->pages * PAGE &&
	       !(to_write && piece->read_only);
}

static struct spot find_in(const struct lease *lease, uint64_t address,
			   bool to_write)
{
	for (uint32_t i = 0; i < lease->nr_pieces; i++) {
		const struct piece *piece = &lease->pieces[i];
		uint64_t at = piece->page * PAGE + address - piece->address;

		if (leads_to(piece, address, to_write))
			return (struct spot){
				&world.clients[lease->holder], at / CELL,
			};
	}
	return (struct spot){ NULL, 0 };
}

struct spot find_spot(int device, uint64_t address, bool to_write)
{
	struct spot spot = { NULL, 0 };

	for (int i = 0; i < SLICES && !spot.client; i++)
		if (slices[i].device == device)
			spot = find_in(&world.leases[i], address, to_write);
	return spot;
}

/* ---- DMA ---------------------------------------------------------------- */

/* Where it led to until now: has it come? From now on what is there stays */
static void land(struct device *device, bool must)
{
	struct spot spot = device->target;

	if (!spot.client)
		return;
	if (take_cell(spot, device->has))
		return;
	if (!is_filled(spot, spot.client->want[spot.cell]))
		wrong("DMA has brought %#llx, and not %#llx",
		      (unsigned long long)*words_of(spot),
		      (unsigned long long)device->has);
	else if (must)
		wrong("DMA to what is mapped has not come");
}

void flight_begins(int number, uint64_t address)
{
	struct device *device = &world.devices[number];

	device->flying = true;
	device->address = address;
	device->target = find_spot(number, address, true);
	device->sure = true;
	if (device->target.client)
		stamp(device->target);
}

void flight_ends(int number)
{
	struct device *device = &world.devices[number];

	land(device, device->sure);
	device->flying = false;
	if (device->sure)
		count(device->target.client ? ARRIVED : NOWHERE);
}

void flight_is_shaken(int device)
{
	world.devices[device].sure = false;
}

void review_flight(int number)
{
	struct device *device = &world.devices[number];
	struct spot now = find_spot(number, device->address, true);

	if (!device->flying || same(now, device->target))
		return;
	land(device, false);
	device->target = now;
	device->sure = false;
}
