// SPDX-License-Identifier: MIT
/*
 * Those who come back, with a token, to what they had at another process
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "server.h"

/* Why not, in words for the log: whoever asks is not told which */
static const char *why_not(const struct bl_session *session,
			   const struct bl_absent *absent)
{
	if (!absent)
		return "a token that is old, was used, or never was one";
	if (absent->holder->who.uid != session->holder->who.uid)
		return "a token of another user";
	if (absent->holder->user != session->holder->user)
		return "a token of another listener's";
	return NULL;
}

/* Who it is now, and what it had then */
static void take_place(struct bl_session *session, struct bl_absent *absent)
{
	struct bl_holder *new = session->holder, *old = absent->holder;
	struct barlease_peer who = old->who;
	gid_t *groups = old->groups;
	char *cgroup = old->cgroup;

	old->who = new->who;
	old->groups = new->groups;
	old->cgroup = new->cgroup;
	new->who = who;
	new->groups = groups;
	new->cgroup = cgroup;
	old->session = session;
	session->holder = old;
	bl_holder_leave(&session->server->books, new);
}

static void tell_missed(struct bl_session *session,
			const struct bl_absent *absent)
{
	struct bl_wire_message message = { .type = BL_WIRE_REVOKED };

	for (size_t i = 0; i < absent->nr; i++) {
		message.revoked = absent->missed[i];
		bl_output_event(session->peer, &message);
	}
}

/*
 * A lease is sent when the one before it has been read, so there is one at most that has
 * not arrived: the last one. Others it may not have any more.
 */
static void end_others(struct bl_session *session,
		       const struct bl_absent *absent, uint32_t answered)
{
	struct bl_lease *lease = LIST_FIRST(&session->holder->leases), *next;
	struct barlease_server *server = session->server;

	for (; lease; lease = next) {
		next = LIST_NEXT(lease, of_holder);
		if (lease->state != BARLEASE_HELD)
			continue;
		if (absent->last != answered && lease->serial == absent->last)
			bl_end_anyway(server, lease, BARLEASE_RELEASED);
		else if (!bl_session_allowed(session, lease->slice))
			bl_end_anyway(server, lease, BARLEASE_FORBIDDEN);
	}
}

static void welcome_back(struct bl_session *session,
			 const struct bl_wire_message *request)
{
	struct bl_wire_message reply = {
		.type = BL_WIRE_REJOINED,
		.serial = request->serial,
	};
	const struct bl_lease *lease;

	LIST_FOREACH(lease, &session->holder->leases, of_holder)
		reply.rejoined.leases += lease->state == BARLEASE_HELD;
	bl_peer_set_rank(session->peer, BL_PEER_BUSY);
	bl_session_rank(session);
	bl_session_reply(session, &reply);
}

void bl_rejoin(struct bl_session *session,
	       const struct bl_wire_message *request)
{
	struct barlease_server *server = session->server;
	struct bl_absent *absent;
	const char *why;

	if (session->holder->nr_leases || session->nr_turns) {
		bl_session_error(session, request->serial, EBUSY,
				 "this connection has leases, or waits for some");
		return;
	}
	absent = bl_absent_find(server, request->rejoin.token);
	why = why_not(session, absent);
	if (why) {
		bl_refused(server, &session->holder->who, why);
		bl_session_error(session, request->serial, ENOENT,
				 "no such token of user %u",
				 session->holder->who.uid);
		return;
	}
	bl_keep_leave(session);
	take_place(session, absent);
	session->last = request->rejoin.answered;
	end_others(session, absent, session->last);
	welcome_back(session, request);
	tell_missed(session, absent);
	bl_absent_over(server, absent);
	bl_keep_begin(session);
	bl_suspend_tell(server);
}

static void give_up(struct barlease_server *server, struct bl_absent *absent,
		    enum barlease_reason reason)
{
	struct bl_holder *holder = absent->holder;

	bl_end_holder(server, holder, reason);
	bl_absent_over(server, absent);
	bl_holder_leave(&server->books, holder);
}

void bl_absents_fire(struct barlease_server *server, int64_t now)
{
	struct bl_absent *absent;

	while ((absent = TAILQ_FIRST(&server->absents)) && absent->until <= now)
		give_up(server, absent, BARLEASE_DISCONNECTED);
}

unsigned int bl_absents_forbid(struct barlease_server *server,
			       const char *listener)
{
	struct bl_absent *absent = TAILQ_FIRST(&server->absents), *next;
	unsigned int nr = 0;

	for (; absent; absent = next) {
		next = TAILQ_NEXT(absent, of_server);
		if (!bl_came_by(absent->holder, listener))
			continue;
		nr += absent->holder->nr_leases;
		give_up(server, absent, BARLEASE_FORBIDDEN);
	}
	return nr;
}
