// SPDX-License-Identifier: MIT
/*
 * The examples do what they say
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#include "clock.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "program.h"
#include "tap.h"

#define SEED	32
#define SOCKET	"/tmp/lease-examples"

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
	struct program primary = PROGRAM_AS(0, "/examples/minimal-primary",
					    dev_small().name, SOCKET);
	struct program worker;
	char word[32];

	barlease_client_close(connect_when_there());
	worker = PROGRAM_AS(1001, "/examples/minimal-worker", SOCKET);
	snprintf(word, sizeof(word), "%#x\n", pattern(0, SEED));
	ok(program_says(&worker, word), "the worker reads the page's first word");
	is_int(program_end(&primary, SIGKILL), -SIGKILL, "the primary is killed");
	ok(program_says(&worker, "the lease is revoked"),
	   "the worker's lease is revoked");
	is_int(program_end(&worker, 0), 1, "and it ends, and not by a signal");

	worker = PROGRAM_AS(1001, "/examples/minimal-worker", SOCKET);
	ok(program_says(&worker, "there is no server"), "without a primary it says so");
	is_int(program_end(&worker, 0), 1, "and ends");
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
	struct program primary = PROGRAM_AS(0, "/examples/epoll-primary",
					    dev_small().name, SOCKET);
	struct barlease_client *client;
	struct barlease_event event;

	ok(program_says(&primary, "ready"), "the primary with epoll is ready");
	client = connect_when_there();
	take_queues(client);
	ok(program_says(&primary, "uid 0 has queue-3"), "it says who has what");
	ok(program_says(&primary, "group queues: none is free"),
	   "and who was refused");

	kill(primary.pid, SIGHUP);
	ok(next_event(client, &event) &&
	   event.type == BARLEASE_EVENT_SUSPENDED, "a reset begins");
	ok(next_event(client, &event) && event.type == BARLEASE_EVENT_RESUMED,
	   "and is over");
	ok(program_says(&primary, "reset: done"), "the primary says so");

	kill(primary.pid, SIGTERM);
	for (int i = 0; i < 4; i++)
		ok(next_event(client, &event) &&
		   event.type == BARLEASE_EVENT_REVOKED &&
		   event.reason == BARLEASE_SHUTDOWN,
		   "lease %d ends with the primary", 4 - i);
	ok(program_says(&primary, "had queue-0, shutdown"), "it says that as well");
	is_int(program_end(&primary, 0), 0, "and ends well");
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
