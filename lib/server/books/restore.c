// SPDX-License-Identifier: MIT
/*
 * Leases, as another process has left them
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The kernel's word is the last one: what it says of a lease may be newer than what was
 * written down of it.
 */
#include <errno.h>
#include <stdlib.h>

#include "books.h"

/* What its memory and its interrupts need. Kept ones have neither, nor a slice. */
static int check(const struct bl_lease *lease)
{
	if (lease->state == BARLEASE_KEPT)
		return lease->slice ? -EINVAL : 0;
	return lease->slice && lease->slice->device == lease->device ? 0 :
								       -EINVAL;
}

int bl_restore_lease(struct bl_books *books, struct bl_lease *lease)
{
	struct barlease_state state;
	int ret = check(lease);

	if (!ret)
		ret = bl_table_reserve(&books->leases, 1);
	if (!ret && barlease_get_state(lease->device, lease->fd, &state))
		ret = -EINVAL;
	if (ret)
		return ret;
	if (lease->state == BARLEASE_HELD)
		lease->paused = state.paused;
	if (!lease->paused)
		lease->resumes = 0;
	LIST_INIT(&lease->pieces);
	bl_lease_enter(books, lease);
	return lease->state == BARLEASE_HELD && state.revoked ? -ESTALE : 0;
}

int bl_restore_piece(struct bl_books *books, struct bl_lease *lease,
		     uint64_t start, uint64_t size)
{
	const struct bl_window *window = lease->slice ? lease->slice->window :
							NULL;
	const struct barlease_range range = { start, size };
	struct bl_taken *piece;
	struct bl_room room;

	if (!window || start < window->taken.start ||
	    size > window->taken.size ||
	    start - window->taken.start > window->taken.size - size)
		return -EINVAL;
	/* There is just one place for it */
	if (!bl_room_find(&lease->pieces, &range, window->granule, size, &room))
		return -EINVAL;
	piece = calloc(1, sizeof(*piece));
	if (!piece)
		return -ENOMEM;
	piece->size = size;
	bl_room_take(&lease->pieces, &room, piece);
	lease->nr_pieces++;
	lease->dma += size;
	lease->holder->user->dma += size;
	books->dma += size;
	return 0;
}
