// SPDX-License-Identifier: MIT
/*
 * An administrator who is connected
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"

#define LONGEST_ERROR	8192

/* @connection: NULL where it is gone */
struct admin_call {
	struct connection *connection;
};

size_t connection_waiting(const struct connection *connection)
{
	return connection->out_end - connection->out_start;
}

/* One thing at a time: nobody piles up answers that they do not read. */
static bool may_ask_more(const struct connection *connection)
{
	return !connection->dead && !connection->ending && !connection->call &&
	       !connection_waiting(connection);
}

static void await(struct connection *connection)
{
	unsigned int events = 0;

	if (connection_waiting(connection))
		events = EPOLLOUT;
	else if (may_ask_more(connection))
		events = EPOLLIN;
	else if (!connection->call)
		connection->dead = true;
	loop_change(connection->loop, &connection->source, events);
}

static void flush(struct connection *connection)
{
	size_t waiting = connection_waiting(connection);
	ssize_t n;

	if (waiting) {
		n = send(connection->source.fd,
			 connection->out + connection->out_start, waiting,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			connection->dead = true;
			return;
		}
		if (n > 0)
			connection->out_start += n;
	}
	await(connection);
}

/* What was sent makes room only when that is half of it: else it takes ages. */
static bool make_room(struct connection *connection, size_t size)
{
	size_t waiting = connection_waiting(connection);
	size_t room = 2 * (waiting + size);
	char *more;

	if (connection->out_start >= waiting) {
		if (waiting)
			memmove(connection->out,
				connection->out + connection->out_start,
				waiting);
		connection->out_start = 0;
		connection->out_end = waiting;
	}
	if (connection->out_room - connection->out_end >= size)
		return true;
	more = realloc(connection->out, connection->out_start + room);
	if (!more)
		return false;
	connection->out = more;
	connection->out_room = connection->out_start + room;
	return true;
}

void connection_put(struct connection *connection, const char *text,
		    size_t size)
{
	if (connection->dead)
		return;
	if (!make_room(connection, size)) {
		connection->dead = true;
		return;
	}
	memcpy(connection->out + connection->out_end, text, size);
	connection->out_end += size;
	flush(connection);
}

/* NULL where nobody is there for the answer any more */
static struct connection *end_call(struct admin_call *call)
{
	struct connection *connection = call->connection;

	if (connection)
		connection->call = NULL;
	free(call);
	return connection;
}

static struct admin_call *begin_call(struct connection *connection)
{
	struct admin_call *call = calloc(1, sizeof(*call));

	if (!call) {
		connection->dead = true;
		return NULL;
	}
	call->connection = connection;
	connection->call = call;
	return call;
}

static void take_lines(struct connection *connection)
{
	connection->taking = true;
	while (may_ask_more(connection)) {
		char line[LONGEST_LINE];
		char *end = memchr(connection->in, '\n', connection->in_size);
		struct admin_call *call;
		size_t length;

		if (!end)
			break;
		length = end - connection->in;
		memcpy(line, connection->in, length);
		line[length] = '\0';
		connection->in_size -= length + 1;
		memmove(connection->in, end + 1, connection->in_size);
		call = begin_call(connection);
		if (call)
			connection->request(connection->data, call, line);
	}
	connection->taking = false;
}

/* An answer that comes late: what came behind its request is here already. */
void admin_answer(struct admin_call *call, const char *text, size_t size)
{
	struct connection *connection = end_call(call);

	if (!connection)
		return;
	connection_put(connection, text, size);
	if (!connection->taking)
		take_lines(connection);
}

void admin_watch(struct admin_call *call)
{
	if (call->connection)
		call->connection->watching = true;
	admin_answer(call, "ok\n", strlen("ok\n"));
}

static const char *kind_of(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENODEV:
		return "absent";
	case -EBUSY:
		return "busy";
	case -EACCES:
	case -EPERM:
		return "denied";
	case -EINVAL:
		return "invalid";
	}
	return "failed";
}

static void fail(struct admin_call *call, int error, const char *words)
{
	char line[LONGEST_ERROR + 16];
	int size;

	size = snprintf(line, sizeof(line), "error %s %s\n", kind_of(error),
			words);
	admin_answer(call, line, size);
}

void admin_fail(struct admin_call *call, int error, const char *text, ...)
{
	char words[LONGEST_ERROR];
	va_list args;

	va_start(args, text);
	vsnprintf(words, sizeof(words), text, args);
	va_end(args);
	fail(call, error, words);
}

void admin_reject(struct admin_call *call, const char *text, ...)
{
	char words[LONGEST_ERROR];
	va_list args;

	if (call->connection)
		call->connection->ending = true;
	va_start(args, text);
	vsnprintf(words, sizeof(words), text, args);
	va_end(args);
	fail(call, -EINVAL, words);
}

static void complain_of_length(struct connection *connection)
{
	struct admin_call *call = begin_call(connection);

	if (call)
		admin_reject(call, "a request has at most %d bytes",
			     LONGEST_LINE - 1);
}

static void receive(struct connection *connection)
{
	ssize_t n;

	n = recv(connection->source.fd, connection->in + connection->in_size,
		 sizeof(connection->in) - connection->in_size, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		connection->ending = true;
		await(connection);
		return;
	}
	connection->in_size += n;
	take_lines(connection);
	if (may_ask_more(connection) &&
	    connection->in_size == sizeof(connection->in))
		complain_of_length(connection);
	if (!connection->dead)
		await(connection);
}

static void on_connection(struct loop_source *source, unsigned int events)
{
	struct connection *connection;

	connection = container_of(source, struct connection, source);
	if (events & EPOLLIN) {
		receive(connection);
	} else if (events & EPOLLOUT) {
		flush(connection);
		take_lines(connection);
		if (!connection->dead)
			await(connection);
	} else {
		/* Hung up, and nobody to read what is left */
		connection->dead = true;
	}
}

struct connection *connection_new(struct loop *loop, int fd,
				  admin_request_fn request, void *data)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->loop = loop;
	connection->request = request;
	connection->data = data;
	connection->source = (struct loop_source){ fd, on_connection };
	if (loop_add(loop, &connection->source, EPOLLIN)) {
		free(connection);
		return NULL;
	}
	return connection;
}

void connection_free(struct connection *connection)
{
	if (connection->call)
		connection->call->connection = NULL;
	loop_remove(connection->loop, &connection->source);
	close(connection->source.fd);
	free(connection->out);
	free(connection);
}
