// SPDX-License-Identifier: MIT
/*
 * The administrator's socket: connections, and lines in and out
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin.h"
#include "base/budget.h"
#include "base/clock.h"
#include "base/log.h"

/* Bytes that may wait for a watcher who does not read */
#define MOST_WAITING	(1u << 20)
#define MOST_CONNECTIONS	32
#define LONGEST_LINE	256

/**
 * struct connection - somebody who asks
 * @in: of a request that has not ended yet
 * @out: that could not be sent yet
 * @ending: nothing more is read; gone when all is sent
 * @dead: to be freed by admin_reap()
 */
struct connection {
	LIST_ENTRY(connection) link;
	struct loop_source source;
	struct admin *admin;
	char in[LONGEST_LINE];
	size_t in_size;
	char *out;
	size_t out_size;
	bool watching;
	bool ending;
	bool dead;
};

struct admin {
	struct loop *loop;
	struct loop_source source;
	admin_answer_fn answer;
	void *data;
	unsigned int nr;
	struct budget budget;
	LIST_HEAD(, connection) connections;
};

static void await(struct connection *connection)
{
	unsigned int events = 0;

	if (connection->out_size)
		events = EPOLLOUT;
	else if (!connection->ending)
		events = EPOLLIN;
	else
		connection->dead = true;
	loop_change(connection->admin->loop, &connection->source, events);
}

static void flush(struct connection *connection)
{
	ssize_t n;

	if (connection->out_size) {
		n = send(connection->source.fd, connection->out,
			 connection->out_size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			connection->dead = true;
			return;
		}
		if (n > 0) {
			connection->out_size -= n;
			memmove(connection->out, connection->out + n,
				connection->out_size);
		}
	}
	await(connection);
}

static void put(struct connection *connection, const char *text, size_t size)
{
	char *more;

	if (!size || connection->dead)
		return;
	more = realloc(connection->out, connection->out_size + size);
	if (!more) {
		connection->dead = true;
		return;
	}
	memcpy(more + connection->out_size, text, size);
	connection->out = more;
	connection->out_size += size;
	flush(connection);
}

static void reply(struct connection *connection, char *line)
{
	char *text = NULL;
	bool watch = false;
	size_t size = 0;
	FILE *out;

	out = open_memstream(&text, &size);
	if (out) {
		watch = connection->admin->answer(connection->admin->data,
						  line, out);
		if (fclose(out))
			size = 0;
	}
	if (!size)
		connection->dead = true;
	connection->watching |= watch;
	put(connection, text, size);
	free(text);
}

/*
 * One request a time: the next one is looked at when the answer is on its way,
 * so that nobody piles up answers that they do not read.
 */
static void take_lines(struct connection *connection)
{
	while (!connection->dead && !connection->out_size) {
		char line[LONGEST_LINE];
		char *end = memchr(connection->in, '\n', connection->in_size);
		size_t length;

		if (!end)
			break;
		length = end - connection->in;
		memcpy(line, connection->in, length);
		line[length] = '\0';
		connection->in_size -= length + 1;
		memmove(connection->in, end + 1, connection->in_size);
		reply(connection, line);
	}
}

static void receive(struct connection *connection)
{
	static const char too_long[] = "error a request of that length\n";
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
	if (connection->in_size == sizeof(connection->in) &&
	    !memchr(connection->in, '\n', connection->in_size)) {
		connection->ending = true;
		put(connection, too_long, sizeof(too_long) - 1);
	}
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
	} else {
		/* Hung up, and nobody to read what is left */
		connection->dead = true;
	}
}

static bool may_ask(int fd, uid_t *uid)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size))
		return false;
	*uid = cred.uid;
	return !cred.uid || cred.uid == geteuid();
}

static void admit(struct admin *admin, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		close(fd);
		return;
	}
	connection->admin = admin;
	connection->source = (struct loop_source){ fd, on_connection };
	if (loop_add(admin->loop, &connection->source, EPOLLIN)) {
		close(fd);
		free(connection);
		return;
	}
	LIST_INSERT_HEAD(&admin->connections, connection, link);
	admin->nr++;
}

static void on_listener(struct loop_source *source, unsigned int events)
{
	struct admin *admin = container_of(source, struct admin, source);
	uid_t uid = -1;
	int fd;

	(void)events;
	fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED)
			log_user(LOG_ERR, 0, "admin socket: %s",
				 strerror(errno));
		return;
	}
	if (!may_ask(fd, &uid)) {
		log_user(LOG_NOTICE, uid,
			 "refused uid %u on the administrator's socket", uid);
		close(fd);
	} else if (admin->nr == MOST_CONNECTIONS) {
		log_user(LOG_NOTICE, uid, "too many administrators at a time");
		close(fd);
	} else {
		admit(admin, fd);
	}
}

int admin_new(struct loop *loop, int listener, admin_answer_fn answer,
	      void *data, struct admin **result)
{
	struct admin *admin = calloc(1, sizeof(*admin));
	int ret;

	if (!admin)
		return -ENOMEM;
	budget_init(&admin->budget, (struct budget_rate){ 1000, 100 },
		    (struct budget_rate){ 10000, 1000 });
	admin->loop = loop;
	admin->answer = answer;
	admin->data = data;
	admin->source = (struct loop_source){ listener, on_listener };
	ret = loop_add(loop, &admin->source, EPOLLIN);
	if (ret) {
		free(admin);
		return ret;
	}
	*result = admin;
	return 0;
}

static void drop(struct connection *connection)
{
	struct admin *admin = connection->admin;

	LIST_REMOVE(connection, link);
	admin->nr--;
	loop_remove(admin->loop, &connection->source);
	close(connection->source.fd);
	free(connection->out);
	free(connection);
}

static void drop_those(struct admin *admin, bool all)
{
	struct connection *connection = LIST_FIRST(&admin->connections), *next;

	for (; connection; connection = next) {
		next = LIST_NEXT(connection, link);
		if (all || connection->dead)
			drop(connection);
	}
}

void admin_reap(struct admin *admin)
{
	drop_those(admin, false);
}

void admin_free(struct admin *admin)
{
	if (!admin)
		return;
	drop_those(admin, true);
	loop_remove(admin->loop, &admin->source);
	free(admin);
}

static void tell(struct admin *admin, const char *line, size_t size)
{
	struct connection *connection;

	LIST_FOREACH(connection, &admin->connections, link) {
		if (!connection->watching)
			continue;
		if (connection->out_size + size > MOST_WAITING)
			connection->dead = true;
		else
			put(connection, line, size);
	}
}

static void vtell(struct admin *admin, const char *text, va_list args)
	__attribute__((format(printf, 2, 0)));

static void vtell(struct admin *admin, const char *text, va_list args)
{
	char *line;
	int size;

	size = vasprintf(&line, text, args);
	if (size < 0) {
		log_line(LOG_ERR, "no memory to tell those who watch");
		return;
	}
	/* The NUL's place is the newline's. */
	line[size] = '\n';
	tell(admin, line, size + 1);
	free(line);
}

bool admin_is_heard(const struct admin *admin)
{
	return admin && !LIST_EMPTY(&admin->connections);
}

void admin_tell(struct admin *admin, const char *text, ...)
{
	va_list args;

	if (!admin_is_heard(admin))
		return;
	va_start(args, text);
	vtell(admin, text, args);
	va_end(args);
}

void admin_tell_of(struct admin *admin, uid_t uid, const char *text, ...)
{
	va_list args;

	if (!admin_is_heard(admin) ||
	    !budget_take(&admin->budget, uid, clock_seconds()))
		return;
	va_start(args, text);
	vtell(admin, text, args);
	va_end(args);
}

static void tell_omitted(void *data, uid_t uid, unsigned long omitted)
{
	if (uid == (uid_t)-1)
		admin_tell(data, "omitted uid=- lines=%lu", omitted);
	else
		admin_tell(data, "omitted uid=%u lines=%lu", uid, omitted);
}

bool admin_is_behind(const struct admin *admin)
{
	return admin && admin->budget.owes;
}

void admin_catch_up(struct admin *admin)
{
	if (admin_is_behind(admin))
		budget_settle(&admin->budget, tell_omitted, admin);
}
