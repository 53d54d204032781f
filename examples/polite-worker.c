// SPDX-License-Identifier: MIT
/*
 * Works with a slice that others want as well
 *
 * Copyright (C) 2026 The barlease authors
 *
 *	polite-worker SLICE [SOCKET]
 *
 * Told that its lease is about to end, it finishes the job that it has begun, gives the
 * lease back, and waits for its turn. Whoever comes next finds no job half done.
 *
 * A server that is lost, and whose leases outlive it, is waited for, ten seconds at most:
 * then it works on with the lease that it had.
 *
 * A job writes its number to all of the slice's first WORDS words. Jobs go on from the
 * number that is there.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#define WORDS	16

/* So often a server that is lost is looked for, ten times a second */
#define TRIES	100

struct worker {
	const char *slice;
	struct barlease_client *client;
	struct barlease_lease lease;
	uint32_t *words;	/* NULL while it has no lease */
	bool ending;
	unsigned int jobs;	/* with this lease */
};

static void wait_for_turn(const struct worker *worker)
{
	if (barlease_client_start_acquire_wait(worker->client, worker->slice, 0,
					       BARLEASE_FOREVER) < 0)
		errx(1, "%s cannot be waited for", worker->slice);
	dprintf(STDOUT_FILENO, "waits for %s\n", worker->slice);
}

static void begin(struct worker *worker, int request)
{
	struct barlease_lease *lease = &worker->lease;
	void *at;
	int ret = barlease_client_finish(worker->client, request, lease);

	/* It was lost with the server that was asked: the next one has no such turn */
	if (ret == -ECONNRESET) {
		wait_for_turn(worker);
		return;
	}
	if (ret)
		errx(1, "%s", barlease_client_error(worker->client));
	if (barlease_map(lease->fd, 0, lease->size, 0, &lease->alignment, &at))
		errx(1, "the lease cannot be mapped");
	close(lease->fd);
	worker->words = at;
	worker->ending = false;
	worker->jobs = 0;
	dprintf(STDOUT_FILENO, "has %s\n", lease->name);
}

/* It is revoked, or given back: the mapping is of no use any more */
static void end(struct worker *worker, const char *how)
{
	barlease_unmap(worker->words, worker->lease.size);
	worker->words = NULL;
	dprintf(STDOUT_FILENO, "%s after %u jobs\n", how, worker->jobs);
	wait_for_turn(worker);
}

/* With all that it had, once there is a server again */
static void go_on(const struct worker *worker)
{
	int ret = barlease_client_rejoin(worker->client, -1);

	for (int i = 0; i < TRIES && ret && ret != -ESTALE; i++) {
		usleep(100 * 1000);
		ret = barlease_client_rejoin(worker->client, -1);
	}
	if (ret)
		errx(1, "the server is gone");
}

static void give_back(struct worker *worker)
{
	int ret = barlease_client_release(worker->client, worker->lease.id);

	if (ret == -ECONNRESET) {
		go_on(worker);
		ret = barlease_client_release(worker->client, worker->lease.id);
	}
	/* It may have been taken while the last job was at work */
	end(worker, ret ? "lost it" : "gave it back");
}

/* Goes on for as long as nobody else waits for it */
static bool renewed(const struct worker *worker)
{
	return !barlease_client_renew(worker->client, worker->lease.id,
				      BARLEASE_FOREVER, NULL);
}

static void hear(struct worker *worker, const struct barlease_event *event)
{
	switch (event->type) {
	case BARLEASE_EVENT_ANSWERED:
		begin(worker, event->request);
		break;
	case BARLEASE_EVENT_REVOKING:
		if (event->reason != BARLEASE_EXPIRED || !renewed(worker))
			worker->ending = true;
		break;
	case BARLEASE_EVENT_REVOKED:
		if (worker->words && event->lease == worker->lease.id)
			end(worker, "lost it");
		break;
	default:
		break;
	}
}

static void hear_all(struct worker *worker)
{
	struct barlease_event event;
	int ret;

	do {
		while ((ret = barlease_client_dispatch(worker->client,
						       &event)) == 1)
			hear(worker, &event);
		if (ret)
			go_on(worker);
	} while (ret);
}

/* An access to a lease that was revoked is an error here, and no signal */
static void do_job(struct worker *worker)
{
	uint32_t number;
	int ret = barlease_read32(&worker->words[0], &number);

	for (int i = 0; !ret && i < WORDS; i++)
		ret = barlease_write32(&worker->words[i], number + 1);
	worker->jobs += !ret;
}

int main(int argc, char **argv)
{
	struct worker worker = { .slice = argc > 1 ? argv[1] : "page" };
	struct pollfd ready = { .events = POLLIN };

	if (barlease_client_connect(argc > 2 ? argv[2] : NULL, &worker.client))
		errx(1, "there is no server");
	wait_for_turn(&worker);
	for (;;) {
		hear_all(&worker);
		if (worker.words)
			do_job(&worker);
		if (worker.words && worker.ending)
			give_back(&worker);
		/* Another one with each connection */
		ready.fd = barlease_client_fd(worker.client);
		/* As long as there is nothing to do: until there is a lease */
		poll(&ready, 1, worker.words ? 0 : -1);
	}
}
