// SPDX-License-Identifier: MIT
/*
 * Those who wait for a lease: who has waited longest is next
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Whatever becomes free is handed out before anybody asks for it anew. So where one
 * is asked for and is free, nobody who waits could have had it.
 */
#include <errno.h>
#include <string.h>

#include "server.h"

/* The one whose request has this serial, or NULL */
static struct bl_turn *find(const struct bl_session *session, uint32_t serial)
{
	struct bl_turn *turn;

	TAILQ_FOREACH(turn, &session->server->turns, of_server)
		if (turn->session == session && turn->serial == serial)
			return turn;
	return NULL;
}

static void refuse(struct bl_turn *turn, int error, const struct bl_slice *slice)
{
	struct bl_session *session = turn->session;
	const struct bl_wire_acquire wanted = turn->wanted;
	const uint32_t serial = turn->serial;

	bl_session_wait_over(turn);
	bl_acquire_refuse(session, serial, &wanted, error, slice);
}

static bool wants(const struct bl_turn *turn, const struct bl_slice *slice)
{
	const char *name = turn->wanted.flags & BARLEASE_ANY ?
				   slice->group_name : slice->name;

	return !strcmp(turn->wanted.name, name) &&
	       bl_session_allowed(turn->session, slice);
}

/* Something is free, and yet it cannot have it now: return whether that may change */
static bool may_later(struct bl_turn *turn, int error, const struct bl_slice *slice)
{
	struct bl_user *user = turn->session->holder->user;

	turn->again = error != -EBUSY;
	/* To find that out takes long, and is the same for all that it waits for */
	if (error == -EDQUOT && !bl_user_has_share(user, slice))
		user->full_in = turn->session->server->round;
	return error == -EBUSY || error == -EAGAIN || error == -EDQUOT ||
	       error == -EUSERS;
}

static void serve(struct bl_turn *turn)
{
	struct bl_session *session = turn->session;
	struct barlease_server *server = session->server;
	struct bl_slice *slice;
	int ret;

	turn->again = true;
	if (bl_peer_is_dying(session->peer) ||
	    session->holder->user->full_in == server->round)
		return;
	/* One that does not read keeps nobody waiting who does */
	if (!bl_peer_reads(session->peer)) {
		server->put_off = true;
		return;
	}
	ret = bl_acquire(session, turn->serial, &turn->wanted, &slice);
	if (!ret)
		bl_session_wait_over(turn);
	else if (!may_later(turn, ret, slice))
		refuse(turn, ret, slice);
}

/* To those who want it; so that many who wait for other things cost little */
static void hand_out_freed(struct barlease_server *server, struct bl_slice *slice)
{
	struct bl_turn *turn, *next;

	for (turn = TAILQ_FIRST(&server->turns); turn; turn = next) {
		next = TAILQ_NEXT(turn, of_server);
		if (!bl_slice_vacancies(slice))
			return;
		if (wants(turn, slice))
			serve(turn);
	}
}

static void ask_again(struct barlease_server *server, bool all)
{
	struct bl_turn *turn, *next;

	for (turn = TAILQ_FIRST(&server->turns); turn; turn = next) {
		next = TAILQ_NEXT(turn, of_server);
		if (all || turn->again)
			serve(turn);
	}
}

/* Return: whether there was anything to do */
static bool next_round(struct barlease_server *server)
{
	struct bl_slice *slice = bl_offer_next_freed(&server->books);
	bool all = server->all;

	server->round++;
	if (slice) {
		hand_out_freed(server, slice);
		return true;
	}
	if (!all && !server->again)
		return false;
	server->all = false;
	server->again = false;
	ask_again(server, all);
	return true;
}

/*
 * One that cannot be sent its lease leaves it to those before it. A reset in the
 * midst of it has others come here again.
 */
bool bl_turns_serve(struct barlease_server *server)
{
	bool any = false;

	if (server->serving)
		return false;
	server->serving = true;
	while (next_round(server))
		any = true;
	server->serving = false;
	return any;
}

void bl_turn_request(struct bl_session *session,
		     const struct bl_wire_message *request)
{
	const struct bl_wire_acquire *wanted = &request->acquire;
	const uint32_t serial = request->serial;
	struct bl_slice *slice;
	int ret;

	bl_turns_serve(session->server);
	ret = bl_acquire(session, serial, wanted, &slice);
	if (wanted->wait && (ret == -EBUSY || ret == -EAGAIN))
		ret = bl_session_wait(session, serial, wanted, ret == -EAGAIN);
	if (ret == -EAGAIN)
		bl_session_park(session, request, -1);
	else if (ret)
		bl_acquire_refuse(session, serial, wanted, ret, slice);
}

void bl_turn_cancel(struct bl_session *session,
		    const struct bl_wire_message *request)
{
	struct bl_turn *turn = find(session, request->cancel.id);
	const struct bl_wire_message reply = {
		.type = BL_WIRE_CANCELLED,
		.serial = request->serial,
		.cancel = request->cancel,
	};

	if (!turn) {
		bl_session_error(session, request->serial, ENOENT,
				 "no request %u that waits",
				 request->cancel.id);
		return;
	}
	refuse(turn, -ECANCELED, NULL);
	bl_session_reply(session, &reply);
}

bool bl_turn_waits_for(const struct bl_lease *lease)
{
	const struct barlease_server *server;
	const struct bl_session *session = lease->holder->session;
	const struct bl_turn *turn;

	server = session->server;
	TAILQ_FOREACH(turn, &server->turns, of_server)
		if (turn->session != session && wants(turn, lease->slice))
			return true;
	return false;
}

void bl_turns_fire(struct barlease_server *server, int64_t now)
{
	struct bl_turn *turn, *next;

	if (!server->give_up || server->give_up > now)
		return;
	server->give_up = 0;
	for (turn = TAILQ_FIRST(&server->turns); turn; turn = next) {
		next = TAILQ_NEXT(turn, of_server);
		if (turn->until && turn->until <= now)
			refuse(turn, -ETIMEDOUT, NULL);
		else
			bl_turn_gives_up(turn);
	}
}
