// SPDX-License-Identifier: MIT
/*
 * What clients ask for
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
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
		.welcome = {
			BL_WIRE_VERSION, bl_keep_features(session->server),
		},
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
	session->features = request->hello.features & welcome.welcome.features;
	session->peer->takes_fds = session->features & BL_WIRE_QUEUES;
	bl_peer_set_rank(session->peer, BL_PEER_IDLE);
	bl_session_reply(session, &welcome);
	bl_keep_begin(session);
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

static void acquire(struct bl_session *session,
		    const struct bl_wire_message *request)
{
	const struct bl_wire_acquire *wanted = &request->acquire;

	if ((wanted->wait && !(session->features & BL_WIRE_TERMS)) ||
	    (wanted->flags & BARLEASE_ONES &&
	     !(session->features & BL_WIRE_PAUSES)))
		misbehaves(session, request->serial, "a malformed message");
	else
		bl_turn_request(session, request);
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

/* How long that is for this lease; 0: for ever */
static int64_t term_of(const struct bl_lease *lease, uint64_t wanted)
{
	return wanted > BL_TERM_MAX ? lease->slice->max_term : (int64_t)wanted;
}

static bool is_longer(const struct bl_lease *lease, int64_t term)
{
	return lease->term_end && (!term || bl_now() + term > lease->term_end);
}

/* Return: 0 it can be had for so long; or why not */
static int check_term(const struct bl_lease *lease, uint64_t wanted,
		      const char **why)
{
	const int64_t most = lease->slice->max_term;
	const int64_t term = term_of(lease, wanted);

	*why = "a term of nothing";
	if (!wanted)
		return -EINVAL;
	*why = "that is longer than a lease of this slice may last";
	if (most && term > most)
		return -EINVAL;
	*why = "it is being revoked";
	if (lease->ordered_end)
		return -EBUSY;
	*why = "others wait for it";
	return is_longer(lease, term) && bl_turn_waits_for(lease) ? -EBUSY : 0;
}

static void renew(struct bl_session *session,
		  const struct bl_wire_message *request)
{
	const uint64_t wanted = request->term.milliseconds;
	struct bl_wire_message reply = {
		.type = BL_WIRE_RENEWED,
		.serial = request->serial,
		.term.id = request->term.id,
	};
	struct bl_lease *lease;
	const char *why;
	int ret;

	lease = bl_session_lease(session, request->serial, request->term.id);
	if (!lease)
		return;
	ret = check_term(lease, wanted, &why);
	if (ret) {
		bl_session_error(session, request->serial, -ret,
				 "lease %u of slice %s, at most %" PRId64 " ms each time: %s",
				 lease->id, lease->name, lease->slice->max_term,
				 why);
		return;
	}
	reply.term.milliseconds = term_of(lease, wanted);
	bl_term_set(session->server, lease, term_of(lease, wanted));
	bl_session_reply(session, &reply);
}

static void watch(struct bl_session *session,
		  const struct bl_wire_message *request)
{
	const struct bl_wire_message reply = {
		.type = BL_WIRE_WATCHED,
		.serial = request->serial,
	};

	bl_watch(session);
	bl_session_reply(session, &reply);
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
	case BL_WIRE_RENEW:
		renew(session, request);
		break;
	case BL_WIRE_CANCEL:
		bl_turn_cancel(session, request);
		break;
	case BL_WIRE_WATCH:
		watch(session, request);
		break;
	case BL_WIRE_RELEASE:
		release(session, request);
		break;
	case BL_WIRE_REJOIN:
		bl_rejoin(session, request);
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
	bl_keep_behind(session);
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
	return error == -EOPNOTSUPP ||
	       bl_wire_feature(request->type) & ~session->features;
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
