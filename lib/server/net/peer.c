// SPDX-License-Identifier: MIT
/*
 * A connection: what it waits for, how dear it is, and the mark of its end
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <sys/epoll.h>

#include "net.h"

bool bl_peer_is_dying(const struct bl_peer *peer)
{
	return peer->rank == BL_PEER_DYING;
}

/*
 * Of an fd that it has not read yet, there is news whenever it reads something:
 * then, and only then, the edge of being writable comes again.
 */
static uint32_t waits_for(const struct bl_peer *peer)
{
	if (!TAILQ_EMPTY(&peer->output))
		return EPOLLOUT;
	if (peer->blocked || peer->held)
		return 0;
	return peer->stalled ? EPOLLOUT | EPOLLET : EPOLLIN;
}

void bl_peer_wait(struct bl_peer *peer)
{
	struct epoll_event event = {
		.events = waits_for(peer),
		.data.ptr = peer,
	};

	if (event.events == peer->waits_for)
		return;
	if (epoll_ctl(peer->net->epoll, EPOLL_CTL_MOD, peer->fd, &event))
		bl_peer_drop(peer);
	peer->waits_for = event.events;
}

void bl_peer_set_rank(struct bl_peer *peer, enum bl_peer_rank rank)
{
	if (bl_peer_is_dying(peer))
		return;
	TAILQ_REMOVE(&peer->net->peers[peer->rank], peer, of_net);
	peer->rank = rank;
	TAILQ_INSERT_TAIL(&peer->net->peers[rank], peer, of_net);
}

void bl_peer_block(struct bl_peer *peer)
{
	peer->blocked = true;
	bl_peer_wait(peer);
}

void bl_peer_unblock(struct bl_peer *peer)
{
	peer->blocked = false;
	bl_peer_wait(peer);
}

void bl_peer_drop(struct bl_peer *peer)
{
	if (bl_peer_is_dying(peer))
		return;
	bl_peer_set_rank(peer, BL_PEER_DYING);
	peer->net->nr--;
}
