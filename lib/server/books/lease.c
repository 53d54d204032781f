// SPDX-License-Identifier: MIT
/*
 * What somebody has: each lease is a DMABUF of its own, so that taking one back
 * disturbs no other
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

/* As the kernel has it, NUL included */
#define DMABUF_NAME_MAX	32

static int dress(const struct bl_slice *slice, int fd)
{
	char name[DMABUF_NAME_MAX];
	int ret = 0;

	if (slice->memattr != BARLEASE_NC)
		ret = barlease_set_memattr(slice->device, fd, slice->memattr);
	if (ret)
		return ret;
	snprintf(name, sizeof(name), "%.*s", DMABUF_NAME_MAX - 1, slice->name);
	return barlease_set_name(fd, name);
}

/* Nobody has had it yet: closing it is enough */
static int export_slice(const struct bl_slice *slice)
{
	int fd = barlease_export(slice->device, slice->bar, slice->ranges,
				 slice->nr_ranges,
				 slice->flags & (BARLEASE_READ_ONLY |
						 BARLEASE_MSIX));
	int ret;

	if (fd < 0)
		return fd;
	ret = dress(slice, fd);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

/* A number that means no other lease; 0 is left out */
static int number(struct barlease_server *server, struct bl_lease *lease)
{
	int ret;

	do {
		lease->id = ++server->last_id;
		ret = lease->id ? bl_sorted_add(&server->leases, &lease->id,
						lease) : -EEXIST;
	} while (ret == -EEXIST);
	return ret;
}

int bl_lease_new(struct bl_peer *peer, struct bl_slice *slice,
		 struct bl_lease **lease)
{
	struct bl_lease *new;
	int ret;

	if (bl_user_has_enough(peer))
		return -EDQUOT;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->fd = export_slice(slice);
	if (new->fd < 0) {
		ret = new->fd;
		goto free_lease;
	}
	ret = number(peer->server, new);
	if (ret)
		goto close_fd;

	new->slice = slice;
	new->peer = peer;
	slice->holders++;
	peer->user->leases++;
	LIST_INSERT_HEAD(&slice->leases, new, of_slice);
	LIST_INSERT_HEAD(&peer->leases, new, of_peer);
	*lease = new;
	return 0;

close_fd:
	close(new->fd);
free_lease:
	free(new);
	return ret;
}

/* From the books; the slice's count of holders is the caller's */
static void strike_out(struct bl_lease *lease)
{
	bl_sorted_remove(&lease->peer->server->leases, &lease->id);
	lease->peer->user->leases--;
	LIST_REMOVE(lease, of_slice);
	LIST_REMOVE(lease, of_peer);
	close(lease->fd);
	free(lease);
}

/* 0 when nobody reaches the device through it any more */
static int take_back(const struct bl_lease *lease)
{
	int ret = barlease_revoke(lease->slice->device, lease->fd);

	return ret == -EBADFD ? 0 : ret;
}

void bl_lease_undo(struct bl_lease *lease)
{
	/* Its fd may be on the way, so that closing it is not enough */
	if (!take_back(lease))
		lease->slice->holders--;
	strike_out(lease);
}

void bl_lease_acquired(const struct bl_lease *lease)
{
	const struct barlease_server *server = lease->peer->server;

	if (server->ops->acquired)
		server->ops->acquired(server->data, &lease->peer->who,
				      lease->slice->name, lease->id, lease->fd);
}

/* Those who gave it back or are gone know it already */
static void tell_holder(const struct bl_lease *lease,
			enum barlease_reason reason)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_REVOKED,
		.revoked = { lease->id, reason },
	};

	if (reason != BARLEASE_RELEASED && reason != BARLEASE_DISCONNECTED)
		bl_output_event(lease->peer, &message);
}

static void finish(struct bl_lease *lease, enum barlease_reason reason)
{
	const struct barlease_server *server = lease->peer->server;

	tell_holder(lease, reason);
	if (server->ops->ended)
		server->ops->ended(server->data, &lease->peer->who,
				   lease->slice->name, lease->id, reason);
	strike_out(lease);
}

int bl_lease_revoke(struct bl_lease *lease, enum barlease_reason reason)
{
	int ret = take_back(lease);

	if (ret)
		return ret;
	lease->slice->holders--;
	finish(lease, reason);
	return 0;
}

void bl_lease_end(struct bl_lease *lease, enum barlease_reason reason)
{
	int ret = bl_lease_revoke(lease, reason);
	char why[128];

	if (!ret)
		return;
	/* Its holder may still reach it: it counts as held from now on */
	snprintf(why, sizeof(why), "%s: lease %u cannot be revoked: %s",
		 lease->slice->name, lease->id, strerror(-ret));
	bl_peer_refused(lease->peer, why);
	finish(lease, reason);
}
