// SPDX-License-Identifier: MIT
/*
 * A connection's turns: from its first one to its end
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The kernel counts the fds in messages that nobody has read yet, for all peers
 * together, and has a limit for that. So there is one for each of them at most: a
 * peer that has not read it is not read from.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "net.h"

/* As the kernel counts, with all that goes with it */
#define LEAST_MESSAGE	256

static int introduce(struct bl_peer *peer)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };

	peer->waits_for = event.events;
	if (epoll_ctl(peer->net->epoll, EPOLL_CTL_ADD, peer->fd, &event))
		return -errno;
	return peer->net->ops->arrived(peer);
}

int bl_peer_new(struct bl_net *net, int fd)
{
	struct bl_peer *peer = calloc(1, sizeof(*peer));
	int ret;

	if (!peer) {
		close(fd);
		return -ENOMEM;
	}
	peer->net = net;
	peer->fd = fd;
	peer->since = bl_net_now();
	TAILQ_INIT(&peer->output);
	TAILQ_INSERT_TAIL(&net->peers[BL_PEER_NEW], peer, of_net);
	net->nr++;

	ret = bl_identify(peer);
	/* Nobody that could be named, and yet worth a word */
	if (!ret || ret == -ENOENT)
		ret = introduce(peer);
	if (ret) {
		bl_peer_drop(peer);
		bl_peer_free(peer);
	}
	return ret;
}

void bl_peer_free(struct bl_peer *peer)
{
	TAILQ_REMOVE(&peer->net->peers[peer->rank], peer, of_net);
	bl_output_free(peer);
	close(peer->fd);
	free(peer->spare);
	free(peer->groups);
	free(peer);
}

/*
 * Has it something to read that it was sent? Of a message that it is just taking
 * there may be a byte left when the news of that comes.
 */
static bool has_unread(const struct bl_peer *peer)
{
	int bytes;

	return !ioctl(peer->fd, SIOCOUTQ, &bytes) && bytes >= LEAST_MESSAGE;
}

static bool may_be_read(const struct bl_peer *peer)
{
	return !bl_peer_is_dying(peer) && !peer->blocked && !peer->stalled &&
	       !peer->held && TAILQ_EMPTY(&peer->output);
}

static void look_for_unclosed(struct bl_peer *peer)
{
	if (peer->takes_fds)
		peer->held = bl_disposes(peer->net, peer->who.uid);
}

/* Only asked when there is a request, for most have read the reply by then */
static void look_for_unread(struct bl_peer *peer)
{
	if (!peer->unread_fd)
		return;
	peer->stalled = has_unread(peer);
	peer->unread_fd = peer->stalled;
}

bool bl_peer_reads(struct bl_peer *peer)
{
	look_for_unread(peer);
	return !peer->stalled && TAILQ_EMPTY(&peer->output);
}

static void hear(struct bl_peer *peer, const struct bl_packet *packet,
		 int error)
{
	if (error && error != -EPROTO) {
		bl_peer_drop(peer);
		return;
	}
	bl_peer_set_rank(peer, peer->rank);
	peer->net->ops->heard(peer, packet, error);
}

static void take_request(struct bl_peer *peer)
{
	bool take_fd = peer->takes_fds && bl_can_dispose(peer);
	struct bl_packet packet;
	int ret = bl_packet_receive(peer->fd, &packet, take_fd);

	if (ret == -EAGAIN)
		return;
	hear(peer, &packet, ret);
	if (packet.fd >= 0)
		bl_dispose(peer, packet.fd);
}

void bl_peer_ready(struct bl_peer *peer, uint32_t events)
{
	if (bl_peer_is_dying(peer))
		return;
	bl_output_flush(peer);
	look_for_unread(peer);
	look_for_unclosed(peer);
	/* One, and then others have their turn; who has more is ready again */
	if (may_be_read(peer))
		take_request(peer);
	/* What would be read first of a peer that may be is still there */
	if (events & (EPOLLHUP | EPOLLERR) && !(peer->waits_for & EPOLLIN))
		bl_peer_drop(peer);
	bl_peer_wait(peer);
}
