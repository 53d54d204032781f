// SPDX-License-Identifier: MIT
/*
 * The examples do what they say
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barlease.h>

#include "clock.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "tap.h"

#define SEED	32
#define SOCKET	"/tmp/lease-examples"

/* A program, and all that it says */
struct program {
	pid_t pid;
	FILE *says;
};

static struct program start(uid_t uid, const char *path, const char *one,
			    const char *two)
{
	struct program program;
	int ends[2];

	if (pipe(ends))
		bail("pipe(): %s", strerror(errno));
	program.pid = fork();
	if (program.pid < 0)
		bail("fork(): %s", strerror(errno));
	if (!program.pid) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
			_exit(126);
		execl(path, path, one, two, NULL);
		_exit(127);
	}
	close(ends[1]);
	program.says = fdopen(ends[0], "r");
	return program;
}

/* Does it say this, sooner or later? */
static bool says(const struct program *program, const char *words)
{
	char line[256];

	while (fgets(line, sizeof(line), program->says)) {
		if (strstr(line, words))
			return true;
		diag("  %.*s", (int)strcspn(line, "\n"), line);
	}
	return false;
}

static int end(struct program *program, int sig)
{
	int status;

	if (sig)
		kill(program->pid, sig);
	waitpid(program->pid, &status, 0);
	fclose(program->says);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void fill(void)
{
	struct vfio vfio = vfio_open(dev_small());

	pattern_fill(&vfio, BAR2, 0, 16 * PAGE, 4, SEED);
	vfio_close(&vfio);
}

static struct barlease_client *connect_when_there(void)
{
	struct barlease_client *client;

	if (!comes_true(!barlease_client_connect(SOCKET, &client)))
		bail("there is no server at " SOCKET);
	return client;
}

static void minimal(void)
{
	struct program primary = start(0, "/examples/minimal-primary",
				       dev_small().name, SOCKET);
	struct program worker;
	char word[32];

	barlease_client_close(connect_when_there());
	worker = start(1001, "/examples/minimal-worker", SOCKET, NULL);
	snprintf(word, sizeof(word), "%#x\n", pattern(0, SEED));
	ok(says(&worker, word), "the worker reads the page's first word");
	is_int(end(&primary, SIGKILL), -SIGKILL, "the primary is killed");
	ok(says(&worker, "the lease is revoked"),
	   "the worker's lease is revoked");
	is_int(end(&worker, 0), 1, "and it ends, and not by a signal");

	worker = start(1001, "/examples/minimal-worker", SOCKET, NULL);
	ok(says(&worker, "there is no server"), "without a primary it says so");
	is_int(end(&worker, 0), 1, "and ends");
}

static bool next_event(struct barlease_client *client,
		       struct barlease_event *event)
{
	struct pollfd ready = {
		.fd = barlease_client_fd(client),
		.events = POLLIN,
	};

	return barlease_client_dispatch(client, event) == 1 ||
	       (poll(&ready, 1, PATIENCE_MS) == 1 &&
		barlease_client_dispatch(client, event) == 1);
}

static void take_queues(struct barlease_client *client)
{
	struct barlease_lease queue;
	void *at;

	for (int i = 0; i < 4; i++) {
		is_ok(barlease_client_acquire(client, "queues", BARLEASE_ANY,
					      &queue), "queue %d", i);
		if (barlease_map(queue.fd, 0, queue.size, 0, NULL, &at))
			bail("cannot map %s", queue.name);
		is_int(pattern_errors(at, (queue.name[6] - '0') * PAGE, PAGE, 4,
				      SEED), 0, "%s has its bytes", queue.name);
		barlease_unmap(at, queue.size);
		close(queue.fd);
	}
	is_error(barlease_client_acquire(client, "queues", BARLEASE_ANY,
					 &queue), EBUSY, "there is no fifth");
}

static void loop(void)
{
	struct program primary = start(0, "/examples/epoll-primary",
				       dev_small().name, SOCKET);
	struct barlease_client *client;
	struct barlease_event event;

	ok(says(&primary, "ready"), "the primary with epoll is ready");
	client = connect_when_there();
	take_queues(client);
	ok(says(&primary, "uid 0 has queue-3"), "it says who has what");
	ok(says(&primary, "group queues: none is free"),
	   "and who was refused");

	kill(primary.pid, SIGHUP);
	ok(next_event(client, &event) &&
	   event.type == BARLEASE_EVENT_SUSPENDED, "a reset begins");
	ok(next_event(client, &event) && event.type == BARLEASE_EVENT_RESUMED,
	   "and is over");
	ok(says(&primary, "reset: done"), "the primary says so");

	kill(primary.pid, SIGTERM);
	for (int i = 0; i < 4; i++)
		ok(next_event(client, &event) &&
		   event.type == BARLEASE_EVENT_REVOKED &&
		   event.reason == BARLEASE_SHUTDOWN,
		   "lease %d ends with the primary", 4 - i);
	ok(says(&primary, "had queue-0, shutdown"), "it says that as well");
	is_int(end(&primary, 0), 0, "and ends well");
	ok(access(SOCKET, F_OK), "its socket is gone");
	barlease_client_close(client);
}

int main(void)
{
	fill();
	minimal();
	unlink(SOCKET);
	loop();
	return tap_done();
}
