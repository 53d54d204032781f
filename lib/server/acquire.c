// SPDX-License-Identifier: MIT
/*
 * What clients ask for: a lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>

#include "server.h"

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
	if (session->features & BL_WIRE_TERMS)
		message.lease.term = slice->max_term;
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
		    struct bl_slice *slice, unsigned int flags)
{
	struct barlease_server *server = session->server;
	struct bl_lease *lease;
	int ret = bl_lease_new(&server->books, session->holder, slice,
			       flags & BARLEASE_ONES, &lease);

	if (ret)
		return ret;
	lease->serial = serial;
	session->last = serial;
	bl_keep_session(session);
	bl_peer_set_rank(session->peer, BL_PEER_BUSY);
	/* Which writes it down, too: before its holder knows of it */
	bl_term_set(server, lease, slice->max_term);
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
	case ETIMEDOUT:
		return any ? "none has become free" : "it has not become free";
	case EOPNOTSUPP:
		return "its driver has no leases that end in ones";
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

int bl_acquire(struct bl_session *session, uint32_t serial,
	       const struct bl_wire_acquire *wanted, struct bl_slice **slice)
{
	int ret;

	*slice = NULL;
	if (wanted->flags & BARLEASE_ANY)
		ret = choose_any(session, wanted->name, slice);
	else
		ret = choose_by_name(session, wanted->name, slice);
	if (!ret && bl_is_suspended(session->server, (*slice)->device))
		return -EAGAIN;
	return ret ?: hand_out(session, serial, *slice, wanted->flags);
}

void bl_acquire_refuse(struct bl_session *session, uint32_t serial,
		       const struct bl_wire_acquire *wanted, int error,
		       const struct bl_slice *slice)
{
	bl_session_error(session, serial, -error, "%s %s: %s",
			 wanted->flags & BARLEASE_ANY ? "group" : "slice",
			 wanted->name, why_not(session, wanted, -error, slice));
}
