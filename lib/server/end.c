// SPDX-License-Identifier: MIT
/*
 * The ends of leases, and who is told of them
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server.h"

void bl_refused(const struct barlease_server *server,
		const struct barlease_peer *peer, const char *why)
{
	if (server->ops.refused)
		server->ops.refused(server->data, peer, why);
}

static enum barlease_reason as_known(const struct bl_session *session,
				     enum barlease_reason reason)
{
	if (reason > BARLEASE_SHUTDOWN &&
	    !(session->features & BL_WIRE_MORE_REASONS))
		return BARLEASE_FORBIDDEN;
	return reason;
}

/* Those who gave it back or are gone know it already */
static void tell_holder(const struct bl_lease *lease)
{
	const struct bl_session *session = lease->holder->session;
	struct bl_wire_message message;

	if (lease->reason == BARLEASE_RELEASED ||
	    lease->reason == BARLEASE_DISCONNECTED)
		return;
	bl_absent_missed(lease);
	if (!session)
		return;
	message.type = BL_WIRE_REVOKED;
	message.serial = 0;
	message.revoked.id = lease->id;
	message.revoked.reason = as_known(session, lease->reason);
	bl_output_event(session->peer, &message);
}

static void tell_owner(const struct barlease_server *server,
		       const struct bl_lease *lease)
{
	const struct barlease_holding holding = bl_lease_holding(lease);

	if (server->ops.ended)
		server->ops.ended(server->data, &holding);
}

/* Its holder has asked for the end, and waits for it */
static void answer_holder(const struct bl_lease *lease)
{
	const struct bl_session *session = lease->holder->session;
	struct bl_wire_message message;

	if (!session || !lease->answer)
		return;
	message.type = BL_WIRE_RELEASED;
	message.serial = lease->answer;
	message.released.id = lease->id;
	bl_output_event(session->peer, &message);
	bl_peer_unblock(session->peer);
}

/* What its holder has left behind there is nothing for the next one */
static bool wants_reset(const struct bl_lease *lease)
{
	return lease->slice->flags & BARLEASE_RESET &&
	       lease->reason != BARLEASE_GONE &&
	       lease->reason != BARLEASE_SHUTDOWN;
}

void bl_session_rank(struct bl_session *session)
{
	if (!session->holder->nr_leases && !session->nr_turns)
		bl_peer_set_rank(session->peer, BL_PEER_IDLE);
}

void bl_over(struct barlease_server *server, struct bl_lease *lease)
{
	struct bl_session *session = lease->holder->session;

	if (wants_reset(lease))
		bl_reset(server, lease->device);
	tell_owner(server, lease);
	answer_holder(lease);
	bl_watch_tell(server, lease->slice);
	if (!TAILQ_EMPTY(&server->turns)) {
		bl_offer_freed(&server->books, lease->slice);
		server->again = true;
	}
	bl_lease_over(&server->books, lease);
	/* A session's holder is there for as long as the session */
	if (session)
		bl_session_rank(session);
}

int bl_end(struct barlease_server *server, struct bl_lease *lease,
	   enum barlease_reason reason)
{
	bool first = lease->state == BARLEASE_HELD;
	int ret = bl_lease_begin_end(&server->books, lease, reason);

	if (ret && ret != -EINPROGRESS)
		return ret;
	if (first)
		tell_holder(lease);
	if (!ret)
		bl_over(server, lease);
	return ret;
}

void bl_end_anyway(struct barlease_server *server, struct bl_lease *lease,
		   enum barlease_reason reason)
{
	int ret = bl_end(server, lease, reason);
	char why[128];

	if (!ret || ret == -EINPROGRESS)
		return;
	snprintf(why, sizeof(why), "%s: lease %u cannot be revoked: %s",
		 lease->name, lease->id, strerror(-ret));
	bl_refused(server, &lease->holder->who, why);
	bl_lease_linger(&server->books, lease, reason);
	tell_holder(lease);
}

void bl_end_slice(struct barlease_server *server, struct bl_slice *slice,
		  enum barlease_reason reason)
{
	struct bl_lease *lease, *next;

	for (lease = LIST_FIRST(&slice->leases); lease; lease = next) {
		next = LIST_NEXT(lease, of_slice);
		bl_end_anyway(server, lease, reason);
	}
}

void bl_end_holder(struct barlease_server *server, struct bl_holder *holder,
		   enum barlease_reason reason)
{
	struct bl_lease *lease, *next;

	for (lease = LIST_FIRST(&holder->leases); lease; lease = next) {
		next = LIST_NEXT(lease, of_holder);
		if (lease->state == BARLEASE_HELD)
			bl_end_anyway(server, lease, reason);
	}
}
