// SPDX-License-Identifier: MIT
/*
 * What there has to be of interrupts and leases
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "broker.h"
#include "clock.h"
#include "hand.h"
#include "shadow.h"

/* ---- Interrupts --------------------------------------------------------- */

uint64_t times(struct eventfd *eventfd)
{
	eventfd_t more = 0;

	eventfd_read(eventfd->fd, &more);
	eventfd->has += more;
	return eventfd->has;
}

/* What is set may be signalled, and what was until the end of this step */
static void judge_eventfd(int client, int device, struct eventfd *eventfd)
{
	uint64_t had = eventfd->has;

	if (times(eventfd) != had && !eventfd->live)
		wrong("an eventfd of client %d was signalled, which is not set",
		      client);
	eventfd->live = world.leases[driver_of(device)].told == eventfd;
}

static void judge_interrupts(void)
{
	for (int i = 0; i < CLIENTS; i++)
		for (int j = 0; j < DEVICES; j++)
			for (int k = 0; k < EVENTFDS; k++)
				judge_eventfd(i, j,
					      &world.clients[i].eventfds[j][k]);
}

/* ---- Leases ------------------------------------------------------------- */

void lease_ends(int slice)
{
	struct lease *lease = &world.leases[slice];

	if (lease->holder == NOBODY)
		return;
	lease->nr_pieces = 0;
	lease->told = NULL;
	/* It is reset before the next one has it */
	if (slice == ONE)
		flight_is_shaken(slices[ONE].device);
	lease->lost_by = lease->holder;
	lease->holder = NOBODY;
	count(ENDED);
}

void client_leaves(int client)
{
	world.clients[client].connected = false;
	for (int i = 0; i < SLICES; i++)
		if (world.leases[i].holder == client)
			lease_ends(i);
}

/* All addresses that a slice ever has are no more than it may have memory */
void piece_begins(int slice, const struct piece *piece, uint64_t address)
{
	struct lease *lease = &world.leases[slice];
	uint64_t end = address + piece->pages * PAGE;

	if (!lease->high || address < lease->low)
		lease->low = address;
	if (end > lease->high)
		lease->high = end;
	if (lease->high - lease->low > dma_pages(slice) * PAGE)
		wrong("%s has memory from %#llx to %#llx, and may have %u pages",
		      slices[slice].name, (unsigned long long)lease->low,
		      (unsigned long long)lease->high, dma_pages(slice));
	lease->pieces[lease->nr_pieces] = *piece;
	lease->pieces[lease->nr_pieces++].address = address;
	count(MAPPED);
}

uint32_t pages_of(int slice)
{
	const struct lease *lease = &world.leases[slice];
	uint32_t pages = 0;

	for (uint32_t i = 0; i < lease->nr_pieces; i++)
		pages += lease->pieces[i].pages;
	return pages;
}

/* Whoever has lost one, and lives */
static void judge_registers(void)
{
	for (int i = 0; i < SLICES; i++) {
		struct lease *lease = &world.leases[i];
		int who = lease->lost_by;

		lease->lost_by = NOBODY;
		if (who != NOBODY && who != lease->holder &&
		    !peer_call(&world.clients[who].peer, hand_reads, -1,
			       ARGS(i)))
			wrong("client %d reads registers of %s, which it has lost",
			      who, slices[i].name);
	}
}

/* ---- All of it ---------------------------------------------------------- */

void shadow_begin(void)
{
	for (int i = 0; i < SLICES; i++) {
		world.leases[i].holder = NOBODY;
		world.leases[i].lost_by = NOBODY;
	}
	for (int i = 0; i < CLIENTS; i++)
		for (int cell = 0; cell < CELLS; cell++)
			stamp((struct spot){ &world.clients[i], cell });
}

void shadow_judge(bool at_once)
{
	int status;

	if (waitpid(world.broker, &status, WNOHANG)) {
		wrong("the broker has ended, status %#x", status);
		return;
	}
	if (!(at_once ? broker_agrees(false) :
			comes_true(broker_agrees(false))))
		broker_agrees(true);
	for (int i = 0; i < DEVICES; i++)
		review_flight(i);
	judge_registers();
	judge_memory();
	judge_interrupts();
}
