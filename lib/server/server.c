// SPDX-License-Identifier: MIT
/*
 * A server of leases: the public calls, and the loop
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "wire/packet.h"
#include "server.h"

/* As many connections have their turn in one barlease_server_dispatch() */
#define EVENTS_AT_ONCE	64

static const struct barlease_server_ops no_ops;

static int compare_lease(const void *key, const void *item)
{
	const struct bl_lease *lease = item;
	uint32_t id = *(const uint32_t *)key;

	return (id > lease->id) - (id < lease->id);
}

/* accept() is never to wait, not even where a connection is gone again */
static int check_listener(int listener)
{
	int ret = bl_packet_socket(listener), listens, flags;
	socklen_t size = sizeof(listens);

	if (ret)
		return ret == -EBADF ? ret : -EINVAL;
	if (getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) ||
	    !listens)
		return -EINVAL;
	flags = fcntl(listener, F_GETFL);
	if (flags < 0 || fcntl(listener, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	return 0;
}

static int watch(const struct barlease_server *server, int fd, void *what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int set_up(struct barlease_server *server)
{
	int ret;

	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0)
		return -errno;
	server->timer = timerfd_create(CLOCK_MONOTONIC,
				       TFD_CLOEXEC | TFD_NONBLOCK);
	if (server->timer < 0)
		return -errno;
	ret = watch(server, server->listener, &server->listener);
	if (!ret)
		ret = watch(server, server->timer, &server->timer);
	return ret;
}

int barlease_server_new(int listener, const struct barlease_server_ops *ops,
			void *data, struct barlease_server **server)
{
	struct barlease_server *new;
	int ret = check_listener(listener);

	if (ret)
		return ret;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->epoll = -1;
	new->timer = -1;
	new->listener = listener;
	new->ops = ops ?: &no_ops;
	new->data = data;
	new->slices.compare = bl_slice_compare;
	new->leases.compare = compare_lease;
	new->users.compare = bl_user_compare;
	LIST_INIT(&new->peers);
	LIST_INIT(&new->dying);
	ret = set_up(new);
	if (ret)
		barlease_server_free(new);
	else
		*server = new;
	return ret;
}

static void end_all(struct barlease_server *server)
{
	while (server->leases.nr)
		bl_lease_end(server->leases.at[server->leases.nr - 1],
			     BARLEASE_SHUTDOWN);
	while (!LIST_EMPTY(&server->peers))
		bl_peer_drop(LIST_FIRST(&server->peers));
	bl_peers_reap(server);
}

void barlease_server_free(struct barlease_server *server)
{
	if (!server)
		return;
	end_all(server);
	for (size_t i = 0; i < server->slices.nr; i++)
		bl_slice_free(server->slices.at[i]);
	bl_sorted_free(&server->slices);
	bl_sorted_free(&server->leases);
	bl_sorted_free(&server->users);
	if (server->timer >= 0)
		close(server->timer);
	if (server->epoll >= 0)
		close(server->epoll);
	free(server);
}

int barlease_server_fd(const struct barlease_server *server)
{
	return server->epoll;
}

int barlease_server_dispatch(struct barlease_server *server)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int n = epoll_wait(server->epoll, events, EVENTS_AT_ONCE, 0);
	bool connections = false;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		void *what = events[i].data.ptr;

		if (what == &server->listener)
			connections = true;
		else if (what == &server->timer)
			bl_accept_resume(server);
		else
			bl_peer_ready(what);
	}
	bl_peers_reap(server);
	/* Last, for those who have gone make room for others */
	return connections ? bl_accept(server) : 0;
}

int barlease_server_add_slice(struct barlease_server *server,
			      const struct barlease_device *device,
			      const struct barlease_slice *slice)
{
	struct bl_slice *new;
	int ret = bl_slice_new(device, slice, &new);

	if (ret)
		return ret;
	/* First of all: rivals are known by their names, too */
	if (bl_sorted_find(&server->slices, new->name))
		ret = -EEXIST;
	if (!ret)
		ret = bl_rivals_find(server, new);
	if (!ret)
		ret = bl_sorted_add(&server->slices, new->name, new);
	if (ret)
		bl_slice_free(new);
	return ret;
}

int barlease_server_remove_slice(struct barlease_server *server,
				 const char *name)
{
	struct bl_slice *slice = bl_sorted_find(&server->slices, name);
	struct bl_lease *lease;

	if (!slice)
		return -ENOENT;
	while ((lease = LIST_FIRST(&slice->leases)))
		bl_lease_end(lease, BARLEASE_FORBIDDEN);
	bl_sorted_remove(&server->slices, slice->name);
	bl_slice_free(slice);
	bl_peers_reap(server);
	return 0;
}

int barlease_server_revoke(struct barlease_server *server, uint32_t id)
{
	struct bl_lease *lease = bl_sorted_find(&server->leases, &id);
	int ret;

	if (!lease)
		return -ENOENT;
	ret = bl_lease_revoke(lease, BARLEASE_ORDERED);
	bl_peers_reap(server);
	return ret;
}

void barlease_server_recheck(struct barlease_server *server)
{
	/* From the end: what ends leaves the array */
	for (size_t i = server->leases.nr; i--;) {
		struct bl_lease *lease = server->leases.at[i];

		if (!bl_peer_allowed(lease->peer, lease->slice))
			bl_lease_end(lease, BARLEASE_FORBIDDEN);
	}
	bl_peers_reap(server);
}

/* Once each, however many leases of the device they hold */
static void suspend_holders(struct barlease_server *server,
			    const struct barlease_device *device)
{
	const struct bl_wire_message message = { .type = BL_WIRE_SUSPENDED };

	for (size_t i = 0; i < server->leases.nr; i++) {
		const struct bl_lease *lease = server->leases.at[i];

		if (lease->slice->device != device || lease->peer->suspended)
			continue;
		lease->peer->suspended = true;
		bl_output_event(lease->peer, &message);
	}
}

static void resume_holders(struct barlease_server *server)
{
	const struct bl_wire_message message = { .type = BL_WIRE_RESUMED };

	for (size_t i = 0; i < server->leases.nr; i++) {
		struct bl_peer *peer = ((struct bl_lease *)
					server->leases.at[i])->peer;

		if (!peer->suspended)
			continue;
		peer->suspended = false;
		bl_output_event(peer, &message);
	}
}

int barlease_server_reset(struct barlease_server *server,
			  const struct barlease_device *device)
{
	int ret;

	suspend_holders(server, device);
	ret = barlease_device_reset(device);
	resume_holders(server);
	bl_peers_reap(server);
	return ret;
}
