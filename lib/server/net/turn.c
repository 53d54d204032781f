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
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/sockios.h>

#include "net.h"

/* As the kernel counts, with all that goes with it */
#define LEAST_MESSAGE	256

static struct bl_peer *make(struct bl_net *net, int fd)
{
	struct bl_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->net = net;
	peer->fd = fd;
	peer->since = bl_net_now();
	TAILQ_INIT(&peer->output);
	TAILQ_INSERT_TAIL(&net->peers[BL_PEER_NEW], peer, of_net);
	net->nr++;
	return peer;
}

static int listen_to(struct bl_peer *peer)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };

	peer->waits_for = event.events;
	return epoll_ctl(peer->net->epoll, EPOLL_CTL_ADD, peer->fd, &event) ?
		       -errno : 0;
}

void bl_peer_undo(struct bl_peer *peer)
{
	bl_peer_drop(peer);
	bl_peer_free(peer);
}

void bl_hang_up(int fd)
{
	shutdown(fd, SHUT_RDWR);
	close(fd);
}

int bl_peer_new(struct bl_net *net, int fd, const struct bl_listener *listener)
{
	struct bl_peer *peer = make(net, fd);
	int ret;

	if (!peer) {
		close(fd);
		return -ENOMEM;
	}
	peer->who.listener = *listener->name ? listener->name : NULL;
	ret = bl_identify(peer);
	peer->account = listener->one_user ? BL_ONE_USER : peer->who.uid;
	/* Nobody that could be named, and yet worth a word */
	if (!ret || ret == -ENOENT)
		ret = listen_to(peer);
	if (!ret)
		ret = net->ops->arrived(peer);
	if (ret)
		bl_peer_undo(peer);
	return ret;
}

int bl_peer_restore(struct bl_net *net, int fd, struct bl_peer **peer)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), ret;
	struct bl_peer *new;

	if (copy < 0)
		return -errno;
	new = make(net, copy);
	if (!new) {
		close(copy);
		return -ENOMEM;
	}
	ret = bl_identify(new);
	if (!ret)
		ret = listen_to(new);
	if (ret) {
		bl_peer_undo(new);
		return ret;
	}
	close(fd);
	/* Nobody knows whether it has read what it was sent */
	new->unread_fd = true;
	*peer = new;
	return 0;
}

void bl_peer_free(struct bl_peer *peer)
{
	TAILQ_REMOVE(&peer->net->peers[peer->rank], peer, of_net);
	bl_output_free(peer);
	/* Where others have it as well, the end of this fd is not that of its events */
	epoll_ctl(peer->net->epoll, EPOLL_CTL_DEL, peer->fd, NULL);
	close(peer->fd);
	free(peer->spare);
	free(peer->groups);
	free(peer->cgroup);
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
	int ret;

	peer->net->ops->listens(peer, true);
	ret = bl_packet_receive(peer->fd, &packet, take_fd);
	if (ret != -EAGAIN)
		hear(peer, &packet, ret);
	peer->net->ops->listens(peer, false);
	if (ret != -EAGAIN && packet.fd >= 0)
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
