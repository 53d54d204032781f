// SPDX-License-Identifier: MIT
/*
 * One round: two clients begin with nothing, do their steps, and end
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "group.h"
#include "model.h"
#include "owner.h"
#include "round.h"
#include "sysfs.h"
#include "tap.h"

/* Seconds that one step may take: very many, for the machine may be a slow one */
#define PATIENCE	180

struct shared *shared;
int64_t round_until;
int outbox[ACTORS];
pid_t owner_pid, client_pid[CLIENTS];

/* --- a step that does not end --- */

static void show_stack(pid_t pid, const char *tid)
{
	char path[96], text[2048] = "", *line, *at = text;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stack", pid, tid);
	file_read_all(path, text, sizeof(text));
	diag("thread %s of process %d:", tid, pid);
	while ((line = strsep(&at, "\n")))
		if (*line)
			diag("  %s", line);
}

static void show_stacks(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			show_stack(pid, entry->d_name);
	if (dir)
		closedir(dir);
}

static __attribute__((noreturn)) void hung(int actor)
{
	uint32_t at = atomic_load(&shared->tally[actor].at);

	diag("step %u, \"%s\" of actor %d, has not ended in %d s", at,
	     name_of(&shared->program[at]), actor, PATIENCE);
	for (int i = 0; i < CLIENTS; i++)
		show_stacks(client_pid[i]);
	show_stacks(getpid());
	for (int i = 0; i < CLIENTS; i++)
		kill(client_pid[i], SIGKILL);
	ok(false, "every step ends");
	_exit(tap_done());
}

/* --- telling them what to do --- */

static bool time_is_up(void)
{
	return round_until && now_us() > round_until;
}

static void post(int actor, uint32_t first, uint32_t n)
{
	struct box *box = &shared->box[actor];

	box->first = first;
	box->n = n;
	atomic_fetch_add(&box->posted, 1);
	futex_wake(&box->posted);
}

static bool died(void)
{
	int status;

	for (int i = 0; i < CLIENTS; i++) {
		/* One that was seen dead before is 0, which to waitpid() is anybody */
		if (!client_pid[i] ||
		    waitpid(client_pid[i], &status, WNOHANG) != client_pid[i])
			continue;
		client_pid[i] = 0;
		/* That is the kernel's right, and only the client's loss */
		if (status == SIGKILL && group_killed())
			shared->killed++;
		else
			escape(&actors[FIRST_THREAD + i * THREADS],
			       "client %d is dead, status %#x", i, status);
		return true;
	}
	return false;
}

/* False when that will never be */
static bool wait_for(int actor)
{
	struct box *box = &shared->box[actor];
	atomic_uint *steps = &shared->tally[actor].steps;
	uint32_t posted = atomic_load(&box->posted), done, seen = 0;
	int seconds = 0;

	while ((done = atomic_load(&box->done)) != posted) {
		futex_wait(&box->done, done);
		if (died())
			return false;
		if (time_is_up())
			atomic_store(&shared->stop, true);
		if (seen != atomic_load(steps))
			seconds = 0;
		seen = atomic_load(steps);
		if (atomic_load(&box->done) == done && ++seconds > PATIENCE)
			hung(actor);
	}
	return true;
}

static bool all_in_turn(uint32_t n)
{
	uint32_t first = 0, end;

	for (; first < n && !shared->stop; first = end) {
		int actor = shared->program[shared->list[first]].actor;

		for (end = first + 1; end < n; end++)
			if (shared->program[shared->list[end]].actor != actor)
				break;
		post(actor, first, end - first);
		if (!wait_for(actor))
			return false;
		if (time_is_up())
			break;
	}
	return true;
}

/* The clients' steps; the owner and the primary go on as long as those do */
static bool all_at_once(uint32_t n)
{
	uint32_t first = 0, end;
	bool alive = true;

	for (; first < n; first = end) {
		int actor = shared->program[shared->list[first]].actor;

		for (end = first + 1; end < n; end++)
			if (shared->program[shared->list[end]].actor != actor)
				break;
		post(actor, first, end - first);
	}
	for (int actor = FIRST_THREAD; actor < ACTORS && alive; actor++)
		alive = wait_for(actor);
	atomic_store(&shared->stop, true);
	wait_for(OWNER);
	wait_for(PRIMARY);
	return alive;
}

/* All is revoked; and then looked at, by who had it */
static bool end_well(void)
{
	round_until = 0;
	atomic_store(&shared->stop, false);
	for (uint32_t i = 0; i < LAST_STEPS - 2; i++)
		shared->list[i] = LAST_AT(i);
	return all_in_turn(LAST_STEPS - 2);
}

/* --- a world of their own --- */

static void make_actor(int index)
{
	struct actor *me = &actors[index];
	int socks[2];

	memset(me, 0, sizeof(*me));
	me->index = index;
	me->client = index < FIRST_THREAD ? -1 : (index - FIRST_THREAD) / THREADS;
	me->tally = &shared->tally[index];
	me->ring = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, socks) ||
	    pipe2(me->pipe, O_CLOEXEC | O_NONBLOCK))
		bail("no sockets: %s", strerror(errno));
	me->inbox = socks[0];
	outbox[index] = socks[1];
}

static void begin(uint64_t seed)
{
	atomic_store(&shared->clock, 0);
	atomic_store(&shared->dark, 0);
	atomic_store(&shared->stop, false);
	atomic_store(&shared->escapes, 0);
	atomic_store(&shared->ticket, 0);
	atomic_store(&shared->nr_said, 0);
	memset(shared->box, 0, sizeof(shared->box));
	memset(shared->leases, 0, sizeof(shared->leases));
	for (int i = 0; i < ACTORS; i++)
		make_actor(i);
	owner_begin(&actors[OWNER], seed);
}

/* Children of clients are this process's once those are dead */
static void end(void)
{
	for (int i = 0; i < CLIENTS; i++)
		if (client_pid[i])
			kill(client_pid[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	for (int i = 0; i < ACTORS; i++) {
		close(outbox[i]);
		close(actors[i].inbox);
		close(actors[i].pipe[0]);
		close(actors[i].pipe[1]);
	}
}

bool round_run(uint64_t seed, const uint32_t *list, uint32_t n, enum way way)
{
	pthread_t threads[FIRST_THREAD];
	bool alive;

	begin(seed);
	shared->at_once = way == AT_ONCE;
	memcpy(shared->list, list, n * sizeof(*list));
	group_tighten(way == AT_ONCE && seed % 4 == 0);
	for (int i = 0; i < CLIENTS; i++) {
		client_pid[i] = client_start(i);
		group_add(client_pid[i]);
	}
	for (int i = 0; i < FIRST_THREAD; i++)
		if (pthread_create(&threads[i], NULL, actor_run, &actors[i]))
			bail("no threads");

	alive = way == IN_TURN ? all_in_turn(n) : all_at_once(n);
	if (alive && !atomic_load(&shared->escapes))
		end_well();

	for (int i = 0; i < FIRST_THREAD; i++) {
		post(i, 0, QUIT);
		pthread_join(threads[i], NULL);
	}
	end();
	owner_end(&actors[OWNER]);
	return !atomic_load(&shared->escapes);
}
