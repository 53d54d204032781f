/* SPDX-License-Identifier: MIT */
/*
 * What there has to be: of memory, of interrupts, of leases
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Steps say what they have done. At the end of each, all of it is looked at.
 */
#ifndef QUEUE_HOSTILE_SHADOW_H
#define QUEUE_HOSTILE_SHADOW_H

#include "world.h"

/* Before the first round */
void shadow_begin(void);

/* It is over, whatever the reason; and all of a client's */
void lease_ends(int slice);
void client_leaves(int client);
/* It has a piece more, at this address, which is wrong where that cannot be */
void piece_begins(int slice, const struct piece *piece, uint64_t address);
uint32_t pages_of(int slice);

/* How often it was signalled up to now */
uint64_t times(struct eventfd *eventfd);

/* What this address of a device leads to */
struct spot find_spot(int device, uint64_t address, bool to_write);
/* Fill it with what no cell was ever filled with */
uint64_t stamp(struct spot spot);
/* Is this in all of it? Then it stays */
bool take_cell(struct spot spot, uint64_t value);

/* Writing DMA has begun, is done; or the device is reset meanwhile */
void flight_begins(int device, uint64_t address);
void flight_ends(int device);
void flight_is_shaken(int device);
/* Does its address lead to anything else by now? */
void review_flight(int device);
void judge_memory(void);

/* The step is over, and all of it has to be true: @at_once, or sooner or later */
void shadow_judge(bool at_once);

#endif
