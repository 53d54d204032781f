// SPDX-License-Identifier: MIT
/*
 * What clients ask the broker for, and what has to come of it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>

#include "broker.h"
#include "hand.h"
#include "shadow.h"
#include "steps.h"

/* ---- Leases ------------------------------------------------------------- */

static long acquire_error(int client, int slice)
{
	if (!dma_pages(slice))
		return -ENOENT;
	if (!may_hold(slice, world.clients[client].uid))
		return -EACCES;
	return world.leases[slice].holder == NOBODY ? 0 : -EBUSY;
}

bool make_acquire(const struct step *step, struct request *request)
{
	struct client *client = &world.clients[step->client];

	if (!client->connected &&
	    peer_call(&client->peer, hand_connect, -1, NULL))
		wrong("client %d is not let in", step->client);
	client->connected = true;
	*request = (struct request){
		.client = step->client,
		.slice = step->slice,
		.fn = hand_acquire,
		.fd = -1,
		.args = { step->slice },
		.error = acquire_error(step->client, step->slice),
	};
	return !is_wrong();
}

/* Of whoever has the slice, or else gets it */
static bool make_of_holder(const struct step *step, int slice, peer_fn fn,
			   struct request *request)
{
	int who = holder_of(step, slice);

	*request = (struct request){
		.client = who,
		.slice = slice,
		.fn = fn,
		.fd = -1,
		.args = { world.leases[slice].id },
	};
	return who != NOBODY;
}

bool make_release(const struct step *step, struct request *request)
{
	return make_of_holder(step, step->slice, hand_release, request);
}

/* ---- Memory ------------------------------------------------------------- */

static long map_error(const struct request *request)
{
	uid_t uid = world.clients[request->client].uid;
	uint32_t all = request->piece.pages, mine = all, user = all;

	for (int i = 0; i < SLICES; i++) {
		int who = world.leases[i].holder;

		all += pages_of(i);
		if (i == request->slice)
			mine += pages_of(i);
		if (who != NOBODY && world.clients[who].uid == uid)
			user += pages_of(i);
	}
	return mine > dma_pages(request->slice) || user > USER_PAGES ||
	       all > ALL_PAGES ? -EDQUOT : 0;
}

/*
 * A page; or where there is nothing yet, all that may be, or a page more: so there is
 * room whenever it has not got as much as it may.
 */
bool make_map(const struct step *step, struct request *request)
{
	struct piece *piece = &request->piece;

	if (!make_of_holder(step, step->slice, hand_map, request))
		return false;
	piece->pages = 1;
	if (!world.leases[step->slice].nr_pieces && step->b % 2)
		piece->pages = dma_pages(step->slice) + (step->b % 8 == 1);
	piece->page = slices[step->slice].device * HALF_PAGES +
		      step->a % (HALF_PAGES - piece->pages + 1);
	piece->read_only = step->b % 5 == 0;
	request->fd = world.clients[request->client].memory.fd;
	request->args[1] = (long)(piece->page * PAGE);
	request->args[2] = (long)(piece->pages * PAGE);
	request->args[3] = piece->read_only ? BARLEASE_READ_ONLY : 0;
	request->error = map_error(request);
	return true;
}

bool make_unmap(const struct step *step, struct request *request)
{
	const struct lease *lease = &world.leases[step->slice];

	if (!lease->nr_pieces)
		return make_map(step, request);
	make_of_holder(step, step->slice, hand_unmap, request);
	request->number = step->a % lease->nr_pieces;
	request->args[1] = (long)lease->pieces[request->number].address;
	return true;
}

/* Another's, by its number or by its address; or not where it begins */
bool make_unmap_bad(const struct step *step, struct request *request)
{
	const struct lease *other = &world.leases[step->a % SLICES];

	if (!make_of_holder(step, step->slice, hand_unmap, request) ||
	    !other->nr_pieces)
		return false;
	request->args[1] = (long)other->pieces[0].address;
	if (other->holder != request->client && step->b % 2)
		request->args[0] = other->id;
	else
		request->args[1] += PAGE / 2;
	request->error = -ENOENT;
	return true;
}

/* ---- Interrupts --------------------------------------------------------- */

/* One of its eventfds, or none */
bool make_arm(const struct step *step, struct request *request)
{
	int device = slices[step->slice].device;

	if (!make_of_holder(step, driver_of(device), hand_arm, request))
		return false;
	if (step->a % 4 == 0)
		return true;
	request->eventfd = &world.clients[request->client]
			   .eventfds[device][step->a % EVENTFDS];
	request->eventfd->live = true;
	request->fd = request->eventfd->fd;
	return true;
}

/* ---- All of them -------------------------------------------------------- */

void request_begin(const struct request *request)
{
	peer_begin(&world.clients[request->client].peer, request->fn,
		   request->fd, request->args);
}

static void apply(const struct request *request, long ret)
{
	struct lease *lease = &world.leases[request->slice];

	if (request->fn == hand_acquire) {
		lease->holder = request->client;
		lease->id = ret;
	} else if (request->fn == hand_release) {
		lease_ends(request->slice);
	} else if (request->fn == hand_map) {
		piece_begins(request->slice, &request->piece, ret);
	} else if (request->fn == hand_unmap) {
		lease->pieces[request->number] =
			lease->pieces[--lease->nr_pieces];
	} else {
		lease->told = request->eventfd;
	}
}

void request_end(const struct request *request, long ret)
{
	if (request->error ? ret != request->error : ret < 0)
		wrong("%s: client %d is answered %ld, and not %ld",
		      slices[request->slice].name, request->client, ret,
		      request->error);
	else if (request->error)
		count(REFUSED);
	else
		apply(request, ret);
}

void ask_for(make_fn make, const struct step *step)
{
	struct request request;

	if (!make(step, &request))
		return;
	request_begin(&request);
	request_end(&request, peer_result(&world.clients[request.client].peer));
}

int holder_of(const struct step *step, int slice)
{
	struct step get = *step;

	get.slice = slice;
	if (world.leases[slice].holder == NOBODY)
		ask_for(make_acquire, &get);
	return is_wrong() ? NOBODY : world.leases[slice].holder;
}
