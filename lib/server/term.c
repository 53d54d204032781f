// SPDX-License-Identifier: MIT
/*
 * Ends of leases that are known before: of a term, and those that were ordered
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>

#include "server.h"

static void tell_holder(const struct bl_lease *lease,
			enum barlease_reason reason, int64_t left)
{
	const struct bl_session *session = lease->holder->session;
	const struct bl_wire_message message = {
		.type = BL_WIRE_REVOKING,
		.revoking = { lease->id, reason, left },
	};

	if (session && session->features & BL_WIRE_TERMS)
		bl_output_event(session->peer, &message);
}

/* How long it has, to those whom it concerns */
static void tell(const struct barlease_server *server,
		 const struct bl_lease *lease, int64_t now)
{
	const struct barlease_holding holding = bl_lease_holding(lease);
	enum barlease_reason reason;
	int64_t end = bl_lease_end(lease, &reason);

	tell_holder(lease, reason, end > now ? end - now : 0);
	if (server->ops.ending)
		server->ops.ending(server->data, &holding);
}

void bl_term_set(struct barlease_server *server, struct bl_lease *lease,
		 int64_t term)
{
	lease->term_end = term ? bl_now() + term : 0;
	lease->warned = false;
	bl_plan(server, lease);
}

int bl_term_order(struct barlease_server *server, struct bl_lease *lease,
		  uint64_t grace)
{
	int64_t now = bl_now(), end;

	if (lease->state != BARLEASE_HELD || !grace)
		return bl_end(server, lease, BARLEASE_ORDERED);
	end = now + (int64_t)(grace < BL_TERM_MAX ? grace : BL_TERM_MAX);
	if (lease->ordered_end && lease->ordered_end <= end)
		return -EINPROGRESS;
	lease->ordered_end = end;
	bl_plan(server, lease);
	tell(server, lease, now);
	return -EINPROGRESS;
}

static void fire(struct barlease_server *server, struct bl_lease *lease,
		 int64_t now)
{
	enum barlease_reason reason;
	int64_t end = bl_lease_end(lease, &reason);

	if (end && end <= now) {
		bl_end_anyway(server, lease, reason);
	} else if (lease->resumes && lease->resumes <= now) {
		bl_pause_fire(server, lease);
	} else {
		lease->warned = true;
		bl_plan(server, lease);
		tell(server, lease, now);
	}
}

void bl_terms_fire(struct barlease_server *server, int64_t now)
{
	struct bl_lease *lease;

	while ((lease = TAILQ_FIRST(&server->books.due)) && lease->due <= now)
		fire(server, lease, now);
}
