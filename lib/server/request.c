// SPDX-License-Identifier: MIT
/*
 * What clients ask for
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>

#include "server.h"

/* Whoever does not keep to the protocol is told so, and that is all */
static void misbehaves(struct bl_session *session, uint32_t serial,
		       const char *how)
{
	bl_session_error(session, serial, EPROTO, "protocol violated: %s", how);
	bl_peer_drop(session->peer);
}

static void hello(struct bl_session *session,
		  const struct bl_wire_message *request)
{
	const struct bl_wire_message welcome = {
		.type = BL_WIRE_WELCOME,
		.serial = request->serial,
		.welcome = { BL_WIRE_VERSION, BL_WIRE_FEATURES },
	};

	if (request->hello.lowest > BL_WIRE_VERSION ||
	    request->hello.highest < BL_WIRE_VERSION) {
		bl_session_error(session, request->serial, EPROTONOSUPPORT,
				 "this server speaks version %d",
				 BL_WIRE_VERSION);
		bl_peer_drop(session->peer);
		return;
	}
	session->welcome = true;
	session->features = request->hello.features & BL_WIRE_FEATURES;
	session->peer->takes_fds = session->features & BL_WIRE_QUEUES;
	bl_peer_set_rank(session->peer, BL_PEER_IDLE);
	bl_session_reply(session, &welcome);
}

/* From the first one on, unless it goes on with what it has asked for before */
static void begin_list(const struct bl_session *session, uint32_t first,
		       struct bl_cursor *cursor)
{
	const struct bl_books *books = &session->server->books;

	if (cursor->generation == books->generation && cursor->next == first &&
	    first)
		return;
	*cursor = (struct bl_cursor){
		.generation = books->generation,
		.next = first,
	};
	for (size_t i = 0; i < books->listing.nr; i++) {
		if (!bl_session_allowed(session, books->listing.at[i]))
			continue;
		if (cursor->total == first)
			cursor->position = i;
		cursor->total++;
	}
	if (first >= cursor->total)
		cursor->position = books->listing.nr;
}

/* Who knows nothing of interrupts and memory has the registers only */
static void describe(const struct bl_session *session, struct bl_slice *slice,
		     struct barlease_slice_info *info)
{
	bl_slice_info(slice, info);
	if (session->features & BL_WIRE_QUEUES)
		return;
	info->interrupts = 0;
	info->interrupt_kind = BARLEASE_NO_INTERRUPTS;
	info->dma = 0;
}

static void list(struct bl_session *session,
		 const struct bl_wire_message *request)
{
	struct bl_books *books = &session->server->books;
	struct bl_cursor *cursor = &session->cursor;
	struct bl_wire_message message = {
		.type = BL_WIRE_SLICE_LIST,
		.serial = request->serial,
		.slices.first = request->list.first,
	};
	struct bl_wire_slices *slices = &message.slices;

	if (bl_offer_list(books)) {
		bl_session_error(session, request->serial, ENOMEM,
				 "no memory for a list");
		return;
	}
	begin_list(session, slices->first, cursor);
	slices->total = cursor->total;
	while (slices->count < BL_WIRE_SLICES &&
	       cursor->position < books->listing.nr) {
		struct bl_slice *slice = books->listing.at[cursor->position++];

		if (bl_session_allowed(session, slice))
			describe(session, slice,
				 &slices->slice[slices->count++]);
	}
	cursor->next = slices->first + slices->count;
	bl_session_reply(session, &message);
}

/* The slice of this name; for those who may not have it, an error */
static int choose_by_name(const struct bl_session *session, const char *name,
			  struct bl_slice **chosen)
{
	struct bl_slice *slice = bl_offer_find(&session->server->books, name);

	if (!slice)
		return -ENOENT;
	*chosen = slice;
	if (!bl_session_allowed(session, slice))
		return -EACCES;
	return bl_slice_vacancies(slice) ? 0 : -EBUSY;
}

/* The first that is free; of those that are not, any, if there is one */
static int choose_from(const struct bl_session *session,
		       const struct bl_members *members,
		       struct bl_slice **chosen)
{
	struct bl_slice *slice, *best = NULL;
	int ret = -ENOENT;

	TAILQ_FOREACH(slice, members, of_group) {
		if (!bl_session_allowed(session, slice))
			continue;
		ret = -EBUSY;
		if (!bl_slice_vacancies(slice) ||
		    (best && best->holders <= slice->holders))
			continue;
		best = slice;
		if (!best->holders)
			break;
	}
	*chosen = best;
	return best ? 0 : ret;
}

/* One that nobody has; else one that fewest have, where several may */
static int choose_any(const struct bl_session *session, const char *name,
		      struct bl_slice **chosen)
{
	const struct bl_slice_group *group;
	int idle, busy;

	group = bl_slice_group_find(&session->server->books, name);
	if (!group)
		return -ENOENT;
	idle = choose_from(session, &group->idle, chosen);
	if (!idle)
		return 0;
	busy = choose_from(session, &group->busy, chosen);
	return busy == -ENOENT ? idle : busy;
}

static int send_lease(struct bl_session *session, uint32_t serial,
		      const struct bl_lease *lease)
{
	const struct bl_slice *slice = lease->slice;
	struct bl_wire_message message;

	message.type = BL_WIRE_LEASE;
	message.serial = serial;
	message.lease = (struct barlease_lease){
		.id = lease->id,
		.size = slice->size,
		.flags = slice->flags & BL_WIRE_SLICE_FLAGS,
		.memattr = slice->memattr,
		.alignment = slice->alignment,
	};
	memcpy(message.lease.name, slice->name, sizeof(message.lease.name));
	if (session->features & BL_WIRE_QUEUES) {
		message.lease.interrupts = slice->nr_vectors;
		message.lease.interrupt_kind = slice->interrupt_kind;
		message.lease.dma = slice->dma;
	}
	return bl_output_send(session->peer, &message, lease->fd);
}

static void tell_owner(const struct barlease_server *server,
		       const struct bl_lease *lease)
{
	const struct barlease_holding holding = bl_lease_holding(lease);

	if (server->ops.acquired)
		server->ops.acquired(server->data, &holding);
}

static int hand_out(struct bl_session *session, uint32_t serial,
		    struct bl_slice *slice)
{
	struct barlease_server *server = session->server;
	struct bl_lease *lease;
	int ret = bl_lease_new(&server->books, session->holder, slice, &lease);

	if (ret)
		return ret;
	bl_peer_set_rank(session->peer, BL_PEER_BUSY);
	tell_owner(server, lease);
	ret = send_lease(session, serial, lease);
	/* Its fd may be on the way, so that closing it is not enough */
	if (ret)
		bl_end_anyway(server, lease, BARLEASE_RELEASED);
	return ret;
}

static const char *why_not(const struct bl_session *session,
			   const struct bl_wire_acquire *wanted, int error,
			   const struct bl_slice *slice)
{
	bool any = wanted->flags & BARLEASE_ANY;

	switch (error) {
	case ENOENT:
		return any ? "nothing there for this client" : "no such slice";
	case EACCES:
		return "not allowed";
	case EBUSY:
		return any ? "none is free" : "held by others";
	case EUSERS:
		return "there are as many leases as there may be";
	case EDQUOT:
		if (slice && bl_user_has_share(session->holder->user, slice))
			return "this user has as many of these as it may have";
		return "this user has as many leases as it may have";
	default:
		return strerror(error);
	}
}

static void acquire(struct bl_session *session,
		    const struct bl_wire_message *request)
{
	const struct bl_wire_acquire *wanted = &request->acquire;
	bool any = wanted->flags & BARLEASE_ANY;
	struct bl_slice *slice = NULL;
	int ret;

	ret = any ? choose_any(session, wanted->name, &slice) :
		    choose_by_name(session, wanted->name, &slice);
	if (!ret && bl_is_suspended(session->server, slice->device)) {
		bl_session_park(session, request, -1);
		return;
	}
	if (!ret)
		ret = hand_out(session, request->serial, slice);
	if (ret)
		bl_session_error(session, request->serial, -ret, "%s %s: %s",
				 any ? "group" : "slice", wanted->name,
				 why_not(session, wanted, -ret, slice));
}

static void release(struct bl_session *session,
		    const struct bl_wire_message *request)
{
	struct barlease_server *server = session->server;
	uint32_t id = request->release.id, serial = request->serial;
	struct bl_lease *lease = bl_session_lease(session, serial, id);
	int ret;

	if (!lease)
		return;
	/* The answer is sent when it is over, and nothing is read before that */
	lease->answer = serial;
	ret = bl_end(server, lease, BARLEASE_RELEASED);
	if (!ret)
		return;
	if (ret == -EINPROGRESS) {
		bl_peer_block(session->peer);
		return;
	}
	lease->answer = 0;
	bl_session_error(session, serial, -ret,
			 "lease %u cannot be revoked: %s", id, strerror(-ret));
}

static void serve(struct bl_session *session,
		  const struct bl_wire_message *request, int fd)
{
	switch (request->type) {
	case BL_WIRE_HELLO:
		hello(session, request);
		break;
	case BL_WIRE_LIST:
		list(session, request);
		break;
	case BL_WIRE_ACQUIRE:
		acquire(session, request);
		break;
	case BL_WIRE_RELEASE:
		release(session, request);
		break;
	case BL_WIRE_INTERRUPT:
	case BL_WIRE_MAP:
	case BL_WIRE_UNMAP:
		bl_queue_request(session, request, fd);
		break;
	default:
		misbehaves(session, request->serial, "no request");
		break;
	}
}

void bl_request_again(struct bl_session *session)
{
	struct bl_parked parked = session->parked;
	struct bl_wire_message request;

	session->parked.serial = 0;
	bl_peer_unblock(session->peer);
	request.type = parked.type;
	request.serial = parked.serial;
	if (parked.type == BL_WIRE_ACQUIRE)
		request.acquire = parked.acquire;
	else if (parked.type == BL_WIRE_INTERRUPT)
		request.interrupt = parked.interrupt;
	else
		request.map = parked.map;
	if (!bl_peer_is_dying(session->peer))
		serve(session, &request, parked.fd);
	if (parked.fd >= 0)
		bl_dispose(session->peer, parked.fd);
}

static void handle(struct bl_session *session,
		   const struct bl_wire_message *request, int fd)
{
	bool is_hello = request->type == BL_WIRE_HELLO;

	if (session->welcome == is_hello)
		misbehaves(session, request->serial, session->welcome ?
			   "a second HELLO" : "the first message is no HELLO");
	else
		serve(session, request, fd);
}

/* It is of a kind that this client cannot have */
static bool is_unknown(const struct bl_session *session,
		       const struct bl_wire_message *request, int error)
{
	if (!session->welcome ||
	    request->type & (BL_WIRE_REPLY | BL_WIRE_EVENT))
		return false;
	return error == -EOPNOTSUPP || (request->type >= BL_WIRE_INTERRUPT &&
					!(session->features & BL_WIRE_QUEUES));
}

static void understand(struct bl_session *session, const struct bl_packet *packet)
{
	struct bl_wire_message request;
	int ret = bl_wire_decode(packet->bytes, packet->size, &request);
	bool wants_fd = !ret && bl_wire_has_fd(&request);

	if (is_unknown(session, &request, ret) && packet->fd < 0)
		bl_session_error(session, request.serial, EOPNOTSUPP,
				 "unknown type of message: %#x", request.type);
	else if (ret && !packet->fds_lost)
		misbehaves(session, request.serial, "a malformed message");
	else if (wants_fd && packet->fd < 0 && packet->fds_lost)
		bl_session_error(session, request.serial, EMFILE,
				 "the server has no room for the descriptor");
	else if (packet->fds_lost || (packet->fd >= 0 && !wants_fd))
		misbehaves(session, request.serial, "an unexpected descriptor");
	else if (wants_fd && packet->fd < 0)
		misbehaves(session, request.serial, "a descriptor is missing");
	else
		handle(session, &request, packet->fd);
}

void bl_request(struct bl_session *session, const struct bl_packet *packet,
		int error)
{
	if (error)
		misbehaves(session, 0, "a message that is too long");
	else
		understand(session, packet);
}
