// SPDX-License-Identifier: MIT
/*
 * The administrator's socket, and the monitor's: who is connected, and who is told what
 * happens
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

#include "base/budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "connection.h"

/* Bytes that may wait for a watcher who does not read */
#define MOST_WAITING	(1u << 20)
#define MOST_CONNECTIONS	32
#define MOST_DOORS	2
/* Until there may be a file descriptor again */
#define PAUSE_MS	200

/**
 * struct door - a socket that is listened to
 * @nr: connections by it, so that who only looks does not keep out who gives orders
 */
struct door {
	struct admin *admin;
	struct loop_source source;
	struct loop_timer pause;
	admin_request_fn request;
	bool anybody;
	unsigned int nr;
};

struct admin {
	struct loop *loop;
	void *data;
	struct door doors[MOST_DOORS];
	size_t nr_doors;
	struct budget budget;
	LIST_HEAD(, connection) connections;
};

static bool may_ask(const struct door *door, int fd, uid_t *uid)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size))
		return false;
	*uid = cred.uid;
	return door->anybody || !cred.uid || cred.uid == geteuid();
}

static void admit(struct door *door, int fd)
{
	struct admin *admin = door->admin;
	struct connection *connection;

	connection = connection_new(admin->loop, fd, door->request,
				    admin->data);
	if (!connection) {
		close(fd);
		return;
	}
	connection->door = door;
	LIST_INSERT_HEAD(&admin->connections, connection, link);
	door->nr++;
}

/* Whoever waits would be announced again and again, to no avail. */
static void pause_listening(struct door *door, int error)
{
	log_user(LOG_ERR, 0, "admin socket: %s", strerror(error));
	loop_change(door->admin->loop, &door->source, 0);
	loop_set_timer(&door->pause, PAUSE_MS);
}

static void on_pause_over(struct loop_timer *timer)
{
	struct door *door = container_of(timer, struct door, pause);

	loop_change(door->admin->loop, &door->source, EPOLLIN);
}

static void on_listener(struct loop_source *source, unsigned int events)
{
	struct door *door = container_of(source, struct door, source);
	uid_t uid = -1;
	int fd;

	(void)events;
	fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			pause_listening(door, errno);
		return;
	}
	if (!may_ask(door, fd, &uid)) {
		log_user(LOG_NOTICE, uid,
			 "refused uid %u on the administrator's socket", uid);
		close(fd);
	} else if (door->nr == MOST_CONNECTIONS) {
		log_user(LOG_NOTICE, uid, "too many %s at a time",
			 door->anybody ? "monitors" : "administrators");
		close(fd);
	} else {
		admit(door, fd);
	}
}

int admin_new(struct loop *loop, void *data, struct admin **result)
{
	struct admin *admin = calloc(1, sizeof(*admin));

	if (!admin)
		return -ENOMEM;
	budget_init(&admin->budget, (struct budget_rate){ 1000, 100 },
		    (struct budget_rate){ 10000, 1000 });
	admin->loop = loop;
	admin->data = data;
	*result = admin;
	return 0;
}

int admin_listen(struct admin *admin, int listener, admin_request_fn request,
		 bool anybody)
{
	struct door *door = &admin->doors[admin->nr_doors];
	int ret;

	*door = (struct door){
		.admin = admin,
		.source = { listener, on_listener },
		.pause.fire = on_pause_over,
		.request = request,
		.anybody = anybody,
	};
	ret = loop_add_timer(admin->loop, &door->pause);
	if (ret)
		return ret;
	ret = loop_add(admin->loop, &door->source, EPOLLIN);
	if (ret)
		loop_remove_timer(admin->loop, &door->pause);
	else
		admin->nr_doors++;
	return ret;
}

static void drop_those(struct admin *admin, bool all)
{
	struct connection *connection = LIST_FIRST(&admin->connections), *next;

	for (; connection; connection = next) {
		next = LIST_NEXT(connection, link);
		if (!all && !connection->dead)
			continue;
		LIST_REMOVE(connection, link);
		connection->door->nr--;
		connection_free(connection);
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
	for (size_t i = 0; i < admin->nr_doors; i++) {
		loop_remove(admin->loop, &admin->doors[i].source);
		loop_remove_timer(admin->loop, &admin->doors[i].pause);
	}
	free(admin);
}

static void tell(struct admin *admin, const char *line, size_t size)
{
	struct connection *connection;

	LIST_FOREACH(connection, &admin->connections, link) {
		if (!connection->watching)
			continue;
		if (connection_waiting(connection) + size > MOST_WAITING)
			connection->dead = true;
		else
			connection_put(connection, line, size);
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
		admin_tell(data, "omitted lines=%lu", omitted);
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
