// SPDX-License-Identifier: MIT
/*
 * Interrupts and DMA of a device, by whoever has its registers
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "broker.h"
#include "clock.h"
#include "hand.h"
#include "shadow.h"
#include "steps.h"

static bool do_registers(int slice, peer_fn fn, uint64_t address, bool out)
{
	int who = world.leases[slice].holder;
	long ret = peer_call(&world.clients[who].peer, fn, -1,
			     ARGS(slice, (long)address, out));

	if (ret)
		wrong("registers of %s: %ld", slices[slice].name, ret);
	return !ret;
}

void step_raise(const struct step *step)
{
	int slice = driver_of(slices[step->slice].device);
	struct eventfd *told;
	uint64_t before;

	if (holder_of(step, slice) == NOBODY)
		return;
	told = world.leases[slice].told;
	before = told ? times(told) : 0;
	do_registers(slice, hand_raise, 0, false);
	if (told && !comes_true(times(told) > before))
		wrong("an interrupt of %s has not come", slices[slice].name);
	count(told ? TOLD : UNTOLD);
}

/* ---- DMA ---------------------------------------------------------------- */

/* Where this lease may have memory, and just behind; where it has; or another one has */
static uint64_t choose_address(int slice, const struct step *step)
{
	const struct lease *lease = &world.leases[slice], *from = lease;
	const struct piece *piece;

	if (step->b % 4 == 0)
		return lease->low + step->a % (dma_pages(slice) + 1) * PAGE;
	if (step->b % 4 == 1)
		from = &world.leases[step->a % SLICES];
	if (!from->nr_pieces)
		return lease->low;
	piece = &from->pieces[step->a % from->nr_pieces];
	return piece->address + step->a / 8 % piece->pages * PAGE +
	       step->a % PAGE_CELLS * CELL;
}

bool end_dma(int device)
{
	int slice = driver_of(device);

	if (!world.devices[device].flying)
		return true;
	if (world.leases[slice].holder == NOBODY)
		return false;
	if (do_registers(slice, hand_end_dma, 0, false))
		flight_ends(device);
	return !is_wrong();
}

/* Somebody has the registers, most have some memory, and the device is at rest */
static bool is_ready(const struct step *step, int slice)
{
	struct step map = *step;

	map.slice = slice;
	if (holder_of(step, slice) == NOBODY || !end_dma(slices[slice].device))
		return false;
	if (!world.leases[slice].nr_pieces && step->a % 8)
		ask_for(make_map, &map);
	return !is_wrong();
}

/* It goes on by itself, until somebody looks */
void step_write(const struct step *step)
{
	int device = slices[step->slice].device, slice = driver_of(device);
	uint64_t address;

	if (!is_ready(step, slice))
		return;
	address = choose_address(slice, step);
	flight_begins(device, address);
	do_registers(slice, hand_start_dma, address, true);
}

static const struct piece *writable_piece(int slice)
{
	const struct lease *lease = &world.leases[slice];

	for (uint32_t i = 0; i < lease->nr_pieces; i++)
		if (!lease->pieces[i].read_only)
			return &lease->pieces[i];
	return NULL;
}

/* Of what is not there a device reads either of these, or nothing */
static bool has_read_nothing(struct device *device, struct spot shown)
{
	const uint64_t nothing[] = { device->has, 0, ~0ull };

	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++) {
		device->has = nothing[i];
		if (take_cell(shown, nothing[i]))
			return true;
	}
	return false;
}

/* From anywhere, and then to where the holder can see what that was */
void step_read(const struct step *step)
{
	int number = slices[step->slice].device, slice = driver_of(number);
	struct device *device = &world.devices[number];
	const struct piece *piece;
	struct spot from, shown;
	uint64_t address;

	if (!is_ready(step, slice))
		return;
	piece = writable_piece(slice);
	if (!piece)
		return;
	address = choose_address(slice, step);
	shown = find_spot(number, piece->address, true);
	stamp(shown);
	from = find_spot(number, address, false);
	if (from.client)
		device->has = stamp(from);
	if (!do_registers(slice, hand_start_dma, address, false) ||
	    !do_registers(slice, hand_end_dma, 0, false) ||
	    !do_registers(slice, hand_start_dma, piece->address, true) ||
	    !do_registers(slice, hand_end_dma, 0, false))
		return;
	if (from.client ? !take_cell(shown, device->has) :
			  !has_read_nothing(device, shown))
		wrong("a device has read %s", from.client ?
		      "something else than is mapped" : "what is not mapped");
	count(from.client ? READ : NOT_READ);
}
