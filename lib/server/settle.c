// SPDX-License-Identifier: MIT
/*
 * What is due by now
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <unistd.h>
#include <sys/timerfd.h>

#include "server.h"

/* How often what cannot be waited for is looked at, in milliseconds */
#define TICK_SOON	100
#define TICK_LATER	1000

static long tick_wanted(const struct barlease_server *server)
{
	if (server->net.paused || !TAILQ_EMPTY(&server->books.ending) ||
	    !LIST_EMPTY(&server->net.disposals) || server->put_off)
		return TICK_SOON;
	if (!TAILQ_EMPTY(&server->books.kept) ||
	    !TAILQ_EMPTY(&server->net.peers[BL_PEER_NEW]))
		return TICK_LATER;
	return 0;
}

static struct timespec time_of(int64_t milliseconds)
{
	return (struct timespec){
		.tv_sec = milliseconds / 1000,
		.tv_nsec = milliseconds % 1000 * 1000000,
	};
}

/* The timer runs only while there is something that it is for */
static void set_tick(struct barlease_server *server)
{
	long tick = tick_wanted(server);
	const struct itimerspec time = { time_of(tick), time_of(tick) };

	if (tick == server->tick)
		return;
	server->tick = tick;
	timerfd_settime(server->timer, 0, &time, NULL);
}

/* When the next lease, or somebody who waits for one, has to be looked at */
static int64_t next_due(const struct barlease_server *server)
{
	const struct bl_lease *lease = TAILQ_FIRST(&server->books.due);
	const struct bl_absent *absent = TAILQ_FIRST(&server->absents);
	int64_t due = server->give_up;

	if (lease && (!due || lease->due < due))
		due = lease->due;
	if (absent && (!due || absent->until < due))
		due = absent->until;
	return due;
}

static void set_clock(struct barlease_server *server)
{
	const int64_t at = next_due(server);
	const struct itimerspec time = { .it_value = time_of(at) };

	if (at == server->clock_at)
		return;
	server->clock_at = at;
	timerfd_settime(server->clock, TFD_TIMER_ABSTIME, &time, NULL);
}

void bl_settle(struct barlease_server *server)
{
	bl_net_reap(&server->net);
	/* Who cannot be sent what it waited for goes as well */
	while (bl_turns_serve(server))
		bl_net_reap(&server->net);
	set_tick(server);
	set_clock(server);
}

static void on_over(void *data, struct bl_lease *lease)
{
	bl_over(data, lease);
}

void bl_on_tick(struct barlease_server *server)
{
	uint64_t times;

	/* If it is not read, it is read the next time */
	if (read(server->timer, &times, sizeof(times)) != sizeof(times))
		return;
	bl_books_sweep(&server->books, on_over, server);
	server->again |= server->put_off;
	server->put_off = false;
	bl_net_expire(&server->net, bl_net_now());
	bl_net_resume(&server->net);
	bl_disposals_tend(&server->net);
}

void bl_on_clock(struct barlease_server *server)
{
	int64_t now = bl_now();
	uint64_t times;

	if (read(server->clock, &times, sizeof(times)) != sizeof(times))
		return;
	server->clock_at = 0;
	bl_terms_fire(server, now);
	bl_absents_fire(server, now);
	bl_turns_fire(server, now);
}
