// SPDX-License-Identifier: MIT
/*
 * Requests: list
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A message holds few slices, and a server may have very many. So several pages
 * are asked for at once: the server is at the next one while this side is still at
 * the one before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define PAGES_AT_ONCE	16

/* @per_page: as many as the server puts into a message */
struct listing {
	struct barlease_slice_info *slices;
	size_t nr;
	size_t total;
	size_t per_page;
};

static int append(struct listing *listing, const struct bl_wire_slices *page)
{
	struct barlease_slice_info *all;

	/* One at least: NULL would be for want of memory */
	all = reallocarray(listing->slices, listing->nr + page->count + 1,
			   sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all + listing->nr, page->slice, page->count * sizeof(*all));
	listing->slices = all;
	listing->nr += page->count;
	return 0;
}

static int ask(struct barlease_client *client, uint32_t first,
	       struct bl_call **call)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_LIST,
		.list.first = first,
	};

	return bl_call_start(client, &request, -1, BL_WIRE_SLICE_LIST,
			     client->timeout, call);
}

static int take(struct barlease_client *client, struct bl_call *call,
		struct listing *listing)
{
	struct bl_received received;
	const struct bl_wire_slices *page = &received.message.slices;
	int ret = bl_call_finish(client, call, &received);

	/* One before it was shorter than those before that: it is asked for anew */
	if (ret || page->first != listing->nr)
		return ret;
	listing->total = page->total;
	if (page->count > listing->per_page)
		listing->per_page = page->count;
	return append(listing, page);
}

static int more(struct barlease_client *client, struct listing *listing)
{
	struct bl_call *calls[PAGES_AT_ONCE];
	size_t first = listing->nr, nr = 0;
	int ret;

	do {
		ret = ask(client, first, &calls[nr]);
		if (ret)
			break;
		nr++;
		first += listing->per_page;
	} while (first < listing->total && nr < PAGES_AT_ONCE);

	for (size_t i = 0; i < nr; i++) {
		if (ret)
			bl_call_abandon(calls[i]);
		else
			ret = take(client, calls[i], listing);
	}
	return ret;
}

int barlease_client_list(struct barlease_client *client,
			 struct barlease_slice_info **slices,
			 size_t *nr_slices)
{
	struct listing listing = { .total = 1, .per_page = 1 };
	int ret;

	do {
		ret = more(client, &listing);
		if (ret) {
			free(listing.slices);
			return ret;
		}
	} while (listing.nr < listing.total);
	*slices = listing.slices;
	*nr_slices = listing.nr;
	return 0;
}
