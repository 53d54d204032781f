// SPDX-License-Identifier: MIT
/*
 * A server of leases: the public calls, and the loop
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "container.h"
#include "server.h"
#include "wire/packet.h"

/* As many connections have their turn in one barlease_server_dispatch() */
#define EVENTS_AT_ONCE	64

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

static int take_ops(struct barlease_server *server,
		    const struct barlease_server_ops *ops)
{
	return ops ? bl_take_struct(&server->ops, sizeof(server->ops), ops,
				    ops->size) : 0;
}

static int new_timer(struct barlease_server *server, int *timer)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.ptr = timer,
	};

	*timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (*timer < 0 ||
	    epoll_ctl(server->epoll, EPOLL_CTL_ADD, *timer, &event))
		return -errno;
	return 0;
}

static int set_up(struct barlease_server *server, int listener)
{
	int ret;

	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0)
		return -errno;
	ret = new_timer(server, &server->timer);
	if (!ret)
		ret = new_timer(server, &server->clock);
	if (ret)
		return ret;
	ret = bl_net_init(&server->net, server->epoll, &bl_session_ops, server);
	return ret ?: bl_net_listen(&server->net, listener, "", false);
}

static bool is_busy(const void *data, const struct barlease_device *device)
{
	return bl_is_suspended(data, device);
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
	new->clock = -1;
	new->data = data;
	bl_net_prepare(&new->net);
	bl_books_init(&new->books);
	new->books.busy = is_busy;
	new->books.busy_data = new;
	LIST_INIT(&new->sessions);
	LIST_INIT(&new->suspensions);
	LIST_INIT(&new->watchers);
	TAILQ_INIT(&new->absents);
	TAILQ_INIT(&new->turns);
	ret = take_ops(new, ops);
	if (!ret)
		ret = set_up(new, listener);
	if (ret)
		barlease_server_free(new);
	else
		*server = new;
	return ret;
}

/* Also of those that a device still has: who closes that waits for it */
static void end_all(struct barlease_server *server)
{
	struct bl_session *session;
	struct bl_lease *lease;

	LIST_FOREACH(session, &server->sessions, of_server)
		bl_end_holder(server, session->holder, BARLEASE_SHUTDOWN);
	LIST_FOREACH(session, &server->sessions, of_server)
		bl_peer_drop(session->peer);
	bl_absents_fire(server, INT64_MAX);
	bl_net_reap(&server->net);
	bl_disposals_leave(&server->net);
	while ((lease = TAILQ_FIRST(&server->books.ending)))
		bl_over(server, lease);
	bl_books_forget_kept(&server->books);
}

void barlease_server_free(struct barlease_server *server)
{
	struct bl_suspension *suspension;

	if (!server)
		return;
	end_all(server);
	bl_books_free(&server->books);
	bl_net_close(&server->net);
	while ((suspension = LIST_FIRST(&server->suspensions))) {
		LIST_REMOVE(suspension, of_server);
		free(suspension);
	}
	if (server->timer >= 0)
		close(server->timer);
	if (server->clock >= 0)
		close(server->clock);
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
	int n = epoll_wait(server->epoll, events, EVENTS_AT_ONCE, 0), ret = 0;
	bool connections = false;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		void *what = events[i].data.ptr;

		if (what == &server->net)
			connections = true;
		else if (what == &server->timer)
			bl_on_tick(server);
		else if (what == &server->clock)
			bl_on_clock(server);
		else
			bl_peer_ready(what, events[i].events);
	}
	bl_net_reap(&server->net);
	/* Last, for those who have gone make room for others */
	if (connections)
		ret = bl_net_accept(&server->net);
	bl_settle(server);
	return ret;
}

int barlease_server_add_listener(struct barlease_server *server, int listener,
				 const char *name, unsigned int flags)
{
	int ret;

	if (!bl_wire_name_valid(name) || flags & ~BARLEASE_ONE_USER)
		return -EINVAL;
	ret = check_listener(listener);
	return ret ?: bl_net_listen(&server->net, listener, name,
				    flags & BARLEASE_ONE_USER);
}

unsigned int barlease_server_remove_listener(struct barlease_server *server,
					     const char *name, int *listener)
{
	struct bl_session *session;
	unsigned int nr = 0;
	int fd;

	if (listener)
		*listener = -1;
	/* That of barlease_server_new() has no name */
	if (!bl_wire_name_valid(name))
		return 0;
	LIST_FOREACH(session, &server->sessions, of_server) {
		if (!bl_came_by(session->holder, name))
			continue;
		nr += session->holder->nr_leases;
		bl_end_holder(server, session->holder, BARLEASE_FORBIDDEN);
		bl_peer_drop(session->peer);
	}
	nr += bl_absents_forbid(server, name);
	bl_net_reap(&server->net);
	/* Those who have come by it referred to it */
	fd = bl_net_unlisten(&server->net, name);
	bl_settle(server);
	if (listener)
		*listener = fd;
	return nr;
}

void barlease_server_see_cgroups(struct barlease_server *server, bool see)
{
	server->net.see_cgroups = see;
}

int barlease_server_add_slice(struct barlease_server *server,
			      const struct barlease_device *device,
			      const struct barlease_slice *slice)
{
	struct bl_slice *new;
	int ret = bl_slice_new(device, slice, &new);

	if (ret)
		return ret;
	ret = bl_offer_add(&server->books, new);
	if (ret) {
		bl_slice_free(new);
		return ret;
	}
	server->all = true;
	bl_settle(server);
	return 0;
}

static void remove_slice(struct barlease_server *server, struct bl_slice *slice,
			 enum barlease_reason reason)
{
	server->all = true;
	bl_end_slice(server, slice, reason);
	bl_slice_drop(slice);
}

int barlease_server_remove_slice(struct barlease_server *server,
				 const char *name)
{
	struct bl_slice *slice = bl_offer_find(&server->books, name);

	if (!slice)
		return -ENOENT;
	bl_offer_remove(&server->books, slice);
	remove_slice(server, slice, BARLEASE_FORBIDDEN);
	bl_settle(server);
	return 0;
}

static void free_slices(struct bl_slice **slices, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		bl_slice_free(slices[i]);
	free(slices);
}

static int new_slices(const struct barlease_offer *offers, size_t nr,
		      struct bl_slice ***slices, size_t *bad)
{
	struct bl_slice **new = calloc(nr + 1, sizeof(struct bl_slice *));
	int ret = 0;

	*bad = nr;
	if (!new)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		ret = bl_slice_new(offers[i].device, &offers[i].slice, &new[i]);
		if (!ret)
			continue;
		*bad = i;
		free_slices(new, i);
		return ret;
	}
	*slices = new;
	return 0;
}

static void recheck_holder(struct barlease_server *server,
			   const struct bl_holder *holder)
{
	struct bl_lease *lease = LIST_FIRST(&holder->leases), *next;

	for (; lease; lease = next) {
		next = LIST_NEXT(lease, of_holder);
		if (lease->state == BARLEASE_HELD &&
		    !bl_allowed(server, holder, lease->slice))
			bl_end_anyway(server, lease, BARLEASE_FORBIDDEN);
	}
}

static void recheck(struct barlease_server *server)
{
	const struct bl_session *session;
	const struct bl_absent *absent;

	LIST_FOREACH(session, &server->sessions, of_server)
		recheck_holder(server, session->holder);
	TAILQ_FOREACH(absent, &server->absents, of_server)
		recheck_holder(server, absent->holder);
	server->books.generation++;
	server->all = true;
}

int barlease_server_set_slices(struct barlease_server *server,
			       const struct barlease_offer *offers,
			       size_t nr_offers, size_t *bad)
{
	struct bl_slice **slices, **gone;
	size_t nr_gone, at_fault;
	int ret = new_slices(offers, nr_offers, &slices, &at_fault);

	if (!ret) {
		ret = bl_offer_set(&server->books, slices, nr_offers, &gone,
				   &nr_gone, &at_fault);
		if (ret)
			free_slices(slices, nr_offers);
	}
	if (bad)
		*bad = at_fault;
	if (ret)
		return ret;
	free(slices);
	for (size_t i = 0; i < nr_gone; i++)
		remove_slice(server, gone[i], BARLEASE_FORBIDDEN);
	free(gone);
	recheck(server);
	bl_settle(server);
	return 0;
}

static void finish_ending(struct barlease_server *server,
			  const struct barlease_device *device)
{
	struct bl_lease *lease, *next;

	for (lease = TAILQ_FIRST(&server->books.ending); lease; lease = next) {
		next = TAILQ_NEXT(lease, of_state);
		if (lease->device == device)
			bl_over(server, lease);
	}
}

void barlease_server_remove_device(struct barlease_server *server,
				   const struct barlease_device *device)
{
	struct bl_link *link = bl_table_next(&server->books.slices, NULL), *next;

	for (; link; link = next) {
		struct bl_slice *slice;

		next = bl_table_next(&server->books.slices, link);
		slice = bl_container_of(link, struct bl_slice, link);
		if (slice->device != device)
			continue;
		bl_offer_remove(&server->books, slice);
		remove_slice(server, slice, BARLEASE_GONE);
	}
	/* Whoever closes it waits for those that other devices have */
	finish_ending(server, device);
	bl_books_forget_device(&server->books, device);
	/* Whoever resets it has nothing to resume any more */
	bl_unsuspend(server, device);
	bl_settle(server);
}

int barlease_server_revoke_after(struct barlease_server *server, uint32_t id,
				 uint64_t grace)
{
	struct bl_lease *lease = bl_lease_find(&server->books, id);
	int ret;

	if (!lease || lease->state == BARLEASE_KEPT)
		return -ENOENT;
	ret = bl_term_order(server, lease, grace);
	bl_settle(server);
	return ret;
}

int barlease_server_revoke(struct barlease_server *server, uint32_t id)
{
	return barlease_server_revoke_after(server, id, 0);
}

void barlease_server_recheck(struct barlease_server *server)
{
	recheck(server);
	bl_settle(server);
}

int barlease_server_each_lease(const struct barlease_server *server,
			       int (*fn)(void *data,
					 const struct barlease_holding *lease),
			       void *data)
{
	const struct bl_table *leases = &server->books.leases;
	struct barlease_holding holding;
	struct bl_link *link = NULL;
	int ret = 0;

	while (!ret && (link = bl_table_next(leases, link))) {
		holding = bl_lease_holding(bl_container_of(link,
							   struct bl_lease,
							   link));
		ret = fn(data, &holding);
	}
	return ret;
}

unsigned int barlease_server_holders(const struct barlease_server *server,
				     const char *slice)
{
	const struct bl_slice *found = bl_offer_find(&server->books, slice);

	return found ? found->holders : 0;
}

int barlease_server_set_limits(struct barlease_server *server,
			       const struct barlease_limits *limits)
{
	for (size_t i = 0; i < sizeof(limits->reserved) / 8; i++)
		if (limits->reserved[i])
			return -EINVAL;
	server->books.limits = *limits;
	server->net.most = limits->connections;
	server->all = true;
	bl_settle(server);
	return 0;
}

void barlease_server_number_from(struct barlease_server *server, uint32_t id)
{
	server->books.next_id = id;
}
