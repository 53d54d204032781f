// SPDX-License-Identifier: MIT
/*
 * A client: a connection that has a place in the books
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "server.h"

/* As many leases as one connection waits for */
#define MOST_TURNS	16

void bl_session_reply(struct bl_session *session,
		      const struct bl_wire_message *message)
{
	if (bl_output_send(session->peer, message, -1))
		bl_peer_drop(session->peer);
}

static void say_error(struct bl_peer *peer, uint32_t serial, int error,
		      const char *text, va_list args)
	__attribute__((format(printf, 4, 0)));

static void say_error(struct bl_peer *peer, uint32_t serial, int error,
		      const char *text, va_list args)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_ERROR,
		.serial = serial,
		.error.error = error,
	};

	vsnprintf(message.error.text, sizeof(message.error.text), text, args);
	bl_refused(peer->net->server, &peer->who, message.error.text);
	if (bl_output_send(peer, &message, -1))
		bl_peer_drop(peer);
}

void bl_session_error(struct bl_session *session, uint32_t serial, int error,
		      const char *text, ...)
{
	va_list args;

	va_start(args, text);
	say_error(session->peer, serial, error, text, args);
	va_end(args);
}

struct bl_lease *bl_session_lease(struct bl_session *session, uint32_t serial,
				  uint32_t id)
{
	struct bl_lease *lease = bl_lease_find(&session->server->books, id);

	if (lease && lease->holder == session->holder &&
	    lease->state == BARLEASE_HELD)
		return lease;
	bl_session_error(session, serial, ENOENT, "no lease %u of this client",
			 id);
	return NULL;
}

void bl_session_park(struct bl_session *session,
		     const struct bl_wire_message *request, int fd)
{
	struct bl_parked *parked = &session->parked;

	*parked = (struct bl_parked){
		.serial = request->serial,
		.type = request->type,
		.fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0),
	};
	if (fd >= 0 && parked->fd < 0) {
		parked->serial = 0;
		bl_session_error(session, request->serial, errno,
				 "no room for the descriptor");
		return;
	}
	if (parked->type == BL_WIRE_ACQUIRE)
		parked->acquire = request->acquire;
	else if (parked->type == BL_WIRE_INTERRUPT)
		parked->interrupt = request->interrupt;
	else
		parked->map = request->map;
	bl_peer_block(session->peer);
	bl_keep_behind(session);
}

void bl_turn_gives_up(const struct bl_turn *turn)
{
	int64_t *first = &turn->session->server->give_up;

	if (turn->until && (!*first || turn->until < *first))
		*first = turn->until;
}

int bl_session_wait(struct bl_session *session, uint32_t serial,
		    const struct bl_wire_acquire *wanted, bool again)
{
	struct barlease_server *server = session->server;
	struct bl_turn *turn;

	if (session->nr_turns == MOST_TURNS) {
		bl_session_error(session, serial, EDQUOT,
				 "this connection waits for %u leases, as many as it may",
				 session->nr_turns);
		return 0;
	}
	turn = malloc(sizeof(*turn));
	if (!turn)
		return -ENOMEM;
	*turn = (struct bl_turn){
		.session = session,
		.serial = serial,
		.again = again,
		.wanted = *wanted,
	};
	if (wanted->wait != BL_WIRE_WAIT_MAX)
		turn->until = bl_now() + wanted->wait;
	bl_turn_gives_up(turn);
	session->nr_turns++;
	TAILQ_INSERT_TAIL(&server->turns, turn, of_server);
	bl_peer_set_rank(session->peer, BL_PEER_BUSY);
	bl_keep_turn(turn, true);
	return 0;
}

void bl_session_wait_over(struct bl_turn *turn)
{
	struct bl_session *session = turn->session;

	bl_keep_turn(turn, false);
	TAILQ_REMOVE(&session->server->turns, turn, of_server);
	session->nr_turns--;
	free(turn);
	bl_session_rank(session);
}

static void wait_no_longer(struct bl_session *session)
{
	struct bl_turn *turn = TAILQ_FIRST(&session->server->turns), *next;

	for (; turn && session->nr_turns; turn = next) {
		next = TAILQ_NEXT(turn, of_server);
		if (turn->session == session)
			bl_session_wait_over(turn);
	}
}

__attribute__((format(printf, 3, 4)))
static int turn_away(struct bl_peer *peer, int error, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	say_error(peer, 0, error, text, args);
	va_end(args);
	return -error;
}

/* Is it somebody who may be here at all? */
static int admit(struct bl_peer *peer)
{
	const struct barlease_server *server = peer->net->server;
	const struct barlease_server_ops *ops = &server->ops;

	if (peer->who.uid == peer->net->nobody)
		return turn_away(peer, EACCES,
				 "user %u stands for all that the server's user namespace does not have",
				 peer->who.uid);
	if (ops->welcome && !ops->welcome(server->data, &peer->who))
		return turn_away(peer, EACCES,
				 "nothing here is for user %u",
				 peer->who.uid);
	if (peer->net->full)
		return turn_away(peer, EUSERS,
				 "there are %u connections, all with leases, and as many as there may be",
				 peer->net->most);
	return 0;
}

static int arrived(struct bl_peer *peer)
{
	struct barlease_server *server = peer->net->server;
	struct bl_session *session;
	int ret = admit(peer);

	if (ret)
		return ret;
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->server = server;
	session->peer = peer;
	ret = bl_holder_new(&server->books, &peer->who, peer->account, session,
			    &session->holder);
	if (ret == -EDQUOT)
		turn_away(peer, EDQUOT,
			  "user %u has %u connections, as many as it may have",
			  peer->who.uid, server->books.limits.user_connections);
	if (ret) {
		free(session);
		return ret;
	}
	peer->session = session;
	LIST_INSERT_HEAD(&server->sessions, session, of_server);
	return 0;
}

struct bl_session *bl_session_restore(struct bl_peer *peer,
				      struct bl_holder *holder,
				      uint32_t features)
{
	struct barlease_server *server = peer->net->server;
	struct bl_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->server = server;
	session->peer = peer;
	session->holder = holder;
	session->welcome = true;
	session->features = features & BL_WIRE_FEATURES;
	holder->session = session;
	peer->session = session;
	peer->takes_fds = session->features & BL_WIRE_QUEUES;
	bl_peer_set_rank(peer, BL_PEER_IDLE);
	LIST_INSERT_HEAD(&server->sessions, session, of_server);
	return session;
}

static void left(struct bl_peer *peer)
{
	struct bl_session *session = peer->session;
	struct barlease_server *server = session->server;

	wait_no_longer(session);
	bl_watch_leave(session);
	bl_keep_end(session);
	bl_end_holder(server, session->holder, BARLEASE_DISCONNECTED);
	if (session->parked.serial && session->parked.fd >= 0)
		bl_dispose(peer, session->parked.fd);
	LIST_REMOVE(session, of_server);
	bl_holder_leave(&server->books, session->holder);
	free(session);
}

static void listens(struct bl_peer *peer, bool begins)
{
	bl_keep_serves(peer->session, begins);
}

/* Before the server does anything else: what comes now is not what it asked for */
static void answered(struct bl_peer *peer)
{
	if (peer->session)
		bl_keep_answered(peer->session);
}

static void heard(struct bl_peer *peer, const struct bl_packet *packet,
		  int error)
{
	bl_request(peer->session, packet, error);
}

static void behind(struct bl_peer *peer)
{
	if (peer->session)
		bl_keep_behind(peer->session);
}

static void pushed(struct bl_peer *peer, const char *why)
{
	bl_session_error(peer->session, 0, ETIMEDOUT, "%s", why);
}

const struct bl_net_ops bl_session_ops = {
	.arrived = arrived,
	.listens = listens,
	.answered = answered,
	.heard = heard,
	.behind = behind,
	.left = left,
	.pushed = pushed,
};
