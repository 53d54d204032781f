// SPDX-License-Identifier: MIT
/*
 * What another process needs to go on: connections, and all there is
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "container.h"
#include "server.h"

/* Of the lines; another one where old ones would be misunderstood */
#define VERSION_LINE	"barlease-server version=1"

static bool stores(const struct barlease_server *server)
{
	return server->books.keeping.on && server->books.keeping.ops.store;
}

uint32_t bl_keep_features(const struct barlease_server *server)
{
	return stores(server) ? BL_WIRE_FEATURES :
				BL_WIRE_FEATURES & ~BL_WIRE_KEEPS;
}

struct token_text {
	char text[2 * BL_WIRE_TOKEN_SIZE + 1];
};

static struct token_text token_text(const uint8_t *token)
{
	struct token_text text;

	for (int i = 0; i < BL_WIRE_TOKEN_SIZE; i++)
		snprintf(&text.text[2 * i], 3, "%02x", token[i]);
	return text;
}

static bool is_behind(const struct bl_session *session)
{
	return session->parked.serial || !TAILQ_EMPTY(&session->peer->output);
}

static void write_session(const struct bl_session *session, bool behind)
{
	bl_record(&session->server->books,
		  "session n=%u features=%x watches=%d suspended=%d behind=%d last=%u token=%s",
		  session->holder->number, session->features, session->watches,
		  session->suspended, behind, session->last, token_text(session->token).text);
}

void bl_keep_session(const struct bl_session *session)
{
	if (session->welcome)
		write_session(session, session->behind);
}

void bl_keep_behind(struct bl_session *session)
{
	bool behind = is_behind(session);

	if (behind == session->behind)
		return;
	session->behind = behind;
	bl_keep_session(session);
}

void bl_keep_answered(const struct bl_session *session)
{
	if (session == session->server->served)
		bl_keep_serves(session, false);
}

void bl_keep_serves(const struct bl_session *session, bool serves)
{
	const struct bl_keeping *keeping = &session->server->books.keeping;

	session->server->served = serves ? session : NULL;
	if (keeping->on && keeping->ops.serves)
		keeping->ops.serves(keeping->data,
				    serves ? session->holder->number : 0);
}

/* Its fd first: a connection that nobody knows of is hung up on, and that is all */
static void store(struct bl_session *session)
{
	struct bl_books *books = &session->server->books;

	session->kept = stores(session->server);
	bl_record_store(books, "client", session->holder->number,
			session->peer->fd);
	bl_record_holder(books, session->holder);
	write_session(session, session->behind);
}

static void tell_token(struct bl_session *session)
{
	struct bl_wire_message message = { .type = BL_WIRE_TOKEN };

	memcpy(message.token.token, session->token, BL_WIRE_TOKEN_SIZE);
	bl_output_event(session->peer, &message);
}

/* It takes what cannot be guessed; without that there is no coming back. */
void bl_keep_begin(struct bl_session *session)
{
	bool token = session->features & BL_WIRE_KEEPS &&
		     getrandom(session->token, BL_WIRE_TOKEN_SIZE, 0) ==
			     BL_WIRE_TOKEN_SIZE;

	store(session);
	if (token)
		tell_token(session);
}

void bl_keep_leave(struct bl_session *session)
{
	struct bl_books *books = &session->server->books;

	if (!session->welcome)
		return;
	bl_record(books, "session n=%" PRIu32 " gone=1",
		  session->holder->number);
	if (session->kept)
		bl_record_drop(books, "client", session->holder->number);
	session->kept = false;
}

/* Where another process has it as well, closing it is no end */
void bl_keep_end(struct bl_session *session)
{
	if (session->kept)
		shutdown(session->peer->fd, SHUT_RDWR);
	bl_keep_leave(session);
}

void bl_keep_turn(const struct bl_turn *turn, bool waits)
{
	struct bl_books *books = &turn->session->server->books;

	if (waits)
		bl_record(books,
			  "turn holder=%u serial=%u until=%lld again=%d flags=%x wait=%x name=%s",
			  turn->session->holder->number, turn->serial,
			  (long long)turn->until, turn->again, turn->wanted.flags,
			  turn->wanted.wait, turn->wanted.name);
	else
		bl_record(books,
			  "turn holder=%" PRIu32 " serial=%" PRIu32 " gone=1",
			  turn->session->holder->number, turn->serial);
}

void bl_keep_absent(struct barlease_server *server,
		    const struct bl_absent *absent)
{
	struct bl_books *books = &server->books;

	bl_record_holder(books, absent->holder);
	bl_record(books, "absent n=%" PRIu32 " until=%" PRId64 " last=%" PRIu32 " token=%s",
		  absent->holder->number, absent->until, absent->last,
		  token_text(absent->token).text);
	for (size_t i = 0; i < absent->nr; i++)
		bl_record(books, "missed lease=%" PRIu32 " n=%" PRIu32 " reason=%d",
			  absent->missed[i].id, absent->holder->number,
			  absent->missed[i].reason);
}

static void write_lease(struct bl_books *books, struct bl_lease *lease,
			bool first)
{
	const struct bl_taken *piece;

	if (lease->slice && !lease->slice->number)
		bl_record_slice(books, lease->slice);
	if (first && books->keeping.ops.store) {
		lease->stored = true;
		bl_record_store(books, "lease", lease->id, lease->fd);
	}
	bl_record_holder(books, lease->holder);
	bl_record_lease(books, lease);
	LIST_FOREACH(piece, &lease->pieces, of_list)
		bl_record_piece(books, lease, piece->start, piece->size);
	for (uint32_t i = 0; lease->nr_armed && i < lease->slice->nr_vectors;
	     i++)
		if (lease->armed[i])
			bl_record_armed(books, lease, i);
}

/* So that they are written once, and only those that somebody has */
static void forget_slices(struct bl_books *books)
{
	struct bl_link *link = NULL;
	struct bl_lease *lease;

	while ((link = bl_table_next(&books->leases, link))) {
		lease = bl_container_of(link, struct bl_lease, link);
		if (lease->slice)
			lease->slice->number = 0;
	}
	link = NULL;
	while ((link = bl_table_next(&books->slices, link)))
		bl_container_of(link, struct bl_slice, link)->number = 0;
}

/* @first: by this keeper, who has no fds yet */
static void write_all(struct barlease_server *server, bool first)
{
	struct bl_books *books = &server->books;
	struct bl_link *link = NULL;
	struct bl_session *session;
	struct bl_absent *absent;
	struct bl_turn *turn;

	bl_record(books, VERSION_LINE);
	forget_slices(books);
	LIST_FOREACH(session, &server->sessions, of_server) {
		session->behind = is_behind(session);
		if (session->welcome && first) {
			store(session);
		} else if (session->welcome) {
			bl_record_holder(books, session->holder);
			write_session(session, session->behind);
		}
	}
	TAILQ_FOREACH(absent, &server->absents, of_server)
		bl_keep_absent(server, absent);
	while ((link = bl_table_next(&books->leases, link)))
		write_lease(books,
			    bl_container_of(link, struct bl_lease, link),
			    first);
	TAILQ_FOREACH(turn, &server->turns, of_server)
		bl_keep_turn(turn, true);
}

int bl_take_struct(void *to, size_t size, const void *from, size_t from_size)
{
	const char *bytes = from;

	if (from_size < sizeof(size_t))
		return -EINVAL;
	for (size_t i = size; i < from_size; i++)
		if (bytes[i])
			return -EINVAL;
	memcpy(to, from, from_size < size ? from_size : size);
	return 0;
}

static int take_keeper(struct bl_keeping *keeping,
		       const struct barlease_keeper *keeper)
{
	struct barlease_keeper ops = { 0 };
	int ret = bl_take_struct(&ops, sizeof(ops), keeper, keeper->size);

	if (ret || !ops.write || !ops.device_name)
		return -EINVAL;
	keeping->ops = ops;
	return 0;
}

/* What the one before has stored is nothing to this one */
static void forget_keeper(struct barlease_server *server)
{
	struct bl_books *books = &server->books;
	struct bl_session *session;
	struct bl_link *link = NULL;

	books->keeping.on = false;
	LIST_FOREACH(session, &server->sessions, of_server)
		session->kept = false;
	while ((link = bl_table_next(&books->leases, link)))
		bl_container_of(link, struct bl_lease, link)->stored = false;
}

int barlease_server_keep(struct barlease_server *server,
			 const struct barlease_keeper *keeper, void *data)
{
	struct bl_keeping *keeping = &server->books.keeping;
	bool first;

	if (!keeper) {
		forget_keeper(server);
		return 0;
	}
	first = !keeping->on || keeping->data != data;
	if (take_keeper(keeping, keeper))
		return -EINVAL;
	keeping->data = data;
	keeping->on = true;
	write_all(server, first);
	return 0;
}

unsigned int
barlease_server_unsettled(const struct barlease_server *server)
{
	const struct bl_session *session;
	unsigned int nr = 0;

	LIST_FOREACH(session, &server->sessions, of_server)
		nr += is_behind(session) || !session->welcome;
	return nr;
}
