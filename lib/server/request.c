// SPDX-License-Identifier: MIT
/*
 * What a connection asks for
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/packet.h"
#include "server.h"

static void reply(struct bl_peer *peer, const struct bl_wire_message *message)
{
	if (bl_output_send(peer, message, -1))
		bl_peer_drop(peer);
}

__attribute__((format(printf, 4, 5)))
static void reply_error(struct bl_peer *peer, uint32_t serial, int error,
			const char *text, ...)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_ERROR,
		.serial = serial,
		.error.error = error,
	};
	va_list args;

	va_start(args, text);
	vsnprintf(message.error.text, sizeof(message.error.text), text, args);
	va_end(args);
	bl_peer_refused(peer, message.error.text);
	reply(peer, &message);
}

/* Whoever does not keep to the protocol is told so, and that is all */
static void misbehaves(struct bl_peer *peer, uint32_t serial, const char *how)
{
	reply_error(peer, serial, EPROTO, "protocol violated: %s", how);
	bl_peer_drop(peer);
}

static void hello(struct bl_peer *peer, const struct bl_wire_message *request)
{
	const struct bl_wire_message welcome = {
		.type = BL_WIRE_WELCOME,
		.serial = request->serial,
		.welcome.version = BL_WIRE_VERSION,
	};

	if (request->hello.lowest > BL_WIRE_VERSION ||
	    request->hello.highest < BL_WIRE_VERSION) {
		reply_error(peer, request->serial, EPROTONOSUPPORT,
			    "this server speaks version %d", BL_WIRE_VERSION);
		bl_peer_drop(peer);
		return;
	}
	peer->welcome = true;
	reply(peer, &welcome);
}

static void list(struct bl_peer *peer, const struct bl_wire_message *request)
{
	const struct bl_sorted *all = &peer->server->slices;
	struct bl_wire_message message = {
		.type = BL_WIRE_SLICE_LIST,
		.serial = request->serial,
		.slices.first = request->list.first,
	};
	struct bl_wire_slices *slices = &message.slices;

	for (size_t i = 0; i < all->nr; i++) {
		if (!bl_peer_allowed(peer, all->at[i]))
			continue;
		if (slices->total++ >= slices->first &&
		    slices->count < BL_WIRE_SLICES)
			bl_slice_info(all->at[i],
				      &slices->slice[slices->count++]);
	}
	reply(peer, &message);
}

/* The slice of this name; for those who may not have it, an error */
static int choose_by_name(const struct bl_peer *peer, const char *name,
			  struct bl_slice **chosen)
{
	struct bl_slice *slice = bl_sorted_find(&peer->server->slices, name);

	if (!slice)
		return -ENOENT;
	if (!bl_peer_allowed(peer, slice))
		return -EACCES;
	*chosen = slice;
	return bl_slice_vacancies(slice) ? 0 : -EBUSY;
}

/* Of those of the group that are free, one that fewest have */
static int choose_any(const struct bl_peer *peer, const char *group,
		      struct bl_slice **chosen)
{
	const struct bl_sorted *all = &peer->server->slices;
	struct bl_slice *best = NULL;
	int ret = -ENOENT;

	for (size_t i = 0; i < all->nr; i++) {
		struct bl_slice *slice = all->at[i];

		if (strcmp(slice->group, group) ||
		    !bl_peer_allowed(peer, slice))
			continue;
		ret = -EBUSY;
		if (bl_slice_vacancies(slice) &&
		    (!best || slice->holders < best->holders))
			best = slice;
	}
	*chosen = best;
	return best ? 0 : ret;
}

static int send_lease(struct bl_peer *peer, uint32_t serial,
		      const struct bl_lease *lease)
{
	const struct bl_slice *slice = lease->slice;
	struct bl_wire_message message = {
		.type = BL_WIRE_LEASE,
		.serial = serial,
		.lease = {
			.id = lease->id,
			.size = slice->size,
			.flags = slice->flags & BL_WIRE_SLICE_FLAGS,
			.memattr = slice->memattr,
			.alignment = slice->alignment,
		},
	};

	memcpy(message.lease.name, slice->name, sizeof(message.lease.name));
	return bl_output_send(peer, &message, lease->fd);
}

static int hand_out(struct bl_peer *peer, uint32_t serial,
		    struct bl_slice *slice)
{
	struct bl_lease *lease;
	int ret = bl_lease_new(peer, slice, &lease);

	if (ret)
		return ret;
	ret = send_lease(peer, serial, lease);
	if (ret) {
		bl_lease_undo(lease);
		return ret;
	}
	bl_lease_acquired(lease);
	return 0;
}

static void refuse(struct bl_peer *peer, uint32_t serial,
		   const struct bl_wire_acquire *wanted, int error)
{
	bool any = wanted->flags & BARLEASE_ANY;
	const char *what = any ? "group" : "slice";
	const char *why = strerror(error);

	if (error == ENOENT)
		why = any ? "nothing there for this client" : "no such slice";
	else if (error == EACCES)
		why = "not allowed";
	else if (error == EBUSY)
		why = any ? "none is free" : "held by others";
	else if (error == EDQUOT)
		why = "this user has as many leases as it may have";
	reply_error(peer, serial, error, "%s %s: %s", what, wanted->name, why);
}

static void acquire(struct bl_peer *peer, const struct bl_wire_message *request)
{
	const struct bl_wire_acquire *wanted = &request->acquire;
	struct bl_slice *slice;
	int ret;

	if (wanted->flags & BARLEASE_ANY)
		ret = choose_any(peer, wanted->name, &slice);
	else
		ret = choose_by_name(peer, wanted->name, &slice);
	if (!ret)
		ret = hand_out(peer, request->serial, slice);
	if (ret)
		refuse(peer, request->serial, wanted, -ret);
}

static void release(struct bl_peer *peer, const struct bl_wire_message *request)
{
	uint32_t id = request->release.id;
	struct bl_lease *lease = bl_sorted_find(&peer->server->leases, &id);
	const struct bl_wire_message released = {
		.type = BL_WIRE_RELEASED,
		.serial = request->serial,
		.released.id = id,
	};
	int ret = -ENOENT;

	if (lease && lease->peer == peer)
		ret = bl_lease_revoke(lease, BARLEASE_RELEASED);
	if (ret == -ENOENT)
		reply_error(peer, request->serial, ENOENT,
			    "no lease %u of this client", id);
	else if (ret)
		reply_error(peer, request->serial, -ret,
			    "lease %u cannot be revoked: %s", id,
			    strerror(-ret));
	else
		reply(peer, &released);
}

static void handle(struct bl_peer *peer, const struct bl_wire_message *request)
{
	bool is_hello = request->type == BL_WIRE_HELLO;

	if (peer->welcome == is_hello) {
		misbehaves(peer, request->serial, peer->welcome ?
			   "a second HELLO" : "the first message is no HELLO");
		return;
	}

	switch (request->type) {
	case BL_WIRE_HELLO:
		hello(peer, request);
		break;
	case BL_WIRE_LIST:
		list(peer, request);
		break;
	case BL_WIRE_ACQUIRE:
		acquire(peer, request);
		break;
	case BL_WIRE_RELEASE:
		release(peer, request);
		break;
	default:
		misbehaves(peer, request->serial, "no request");
		break;
	}
}

static void understand(struct bl_peer *peer, const struct bl_packet *packet)
{
	struct bl_wire_message request;
	int ret = bl_wire_decode(packet->bytes, packet->size, &request);

	if (packet->fds_lost)
		misbehaves(peer, request.serial, "an unexpected descriptor");
	else if (ret == -EOPNOTSUPP && peer->welcome &&
		 !(request.type & (BL_WIRE_REPLY | BL_WIRE_EVENT)))
		reply_error(peer, request.serial, EOPNOTSUPP,
			    "unknown type of message: %#x", request.type);
	else if (ret)
		misbehaves(peer, request.serial, "a malformed message");
	else
		handle(peer, &request);
}

bool bl_request(struct bl_peer *peer)
{
	struct bl_packet packet;
	int ret;

	/* A peer that does not read its replies gets no more of them */
	if (peer->dying || peer->nr_output)
		return false;
	ret = bl_packet_receive(peer->fd, &packet, false);
	if (ret == -EAGAIN)
		return false;
	if (ret == -EPROTO)
		misbehaves(peer, 0, "a message that is too long");
	else if (ret)
		bl_peer_drop(peer);
	else
		understand(peer, &packet);
	return true;
}
