// SPDX-License-Identifier: MIT
/*
 * Actors that do as they are told, and the process of a client
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <grp.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "cover.h"
#include "ops.h"
#include "place.h"
#include "tap.h"

#define MOST_FDS	4096

struct actor actors[ACTORS];
mapping_t wild[CLIENTS];

/* --- one step after the other --- */

void futex_wake(atomic_uint *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void futex_wait(atomic_uint *word, uint32_t value)
{
	struct timespec second = { 1, 0 };

	syscall(SYS_futex, word, FUTEX_WAIT, value, &second, NULL, 0);
}

static void take_step(struct actor *me, uint32_t index)
{
	const struct op *op = &shared->program[index];
	uint32_t ticket = atomic_fetch_add(&shared->ticket, 1), n;

	if (ticket < MAX_OPS)
		shared->order[ticket] = index;
	atomic_store(&me->tally->at, index);
	kinds_of(me->index, &n)[op->kind].step(me, op->arg);
	cover_add(me);
	atomic_fetch_add(&me->tally->steps, 1);
}

void *actor_run(void *actor)
{
	struct actor *me = actor;
	struct box *box = &shared->box[me->index];
	uint32_t done = atomic_load(&box->done);

	me->tally->tid = syscall(SYS_gettid);
	cover_begin(me);
	for (;;) {
		while (atomic_load(&box->posted) == done)
			futex_wait(&box->posted, done);
		done = atomic_load(&box->posted);
		if (box->n == QUIT)
			return NULL;
		for (uint32_t i = 0; i < box->n && !shared->stop; i++)
			take_step(me, shared->list[box->first + i]);
		atomic_store(&box->done, done);
		futex_wake(&box->done);
	}
}

/* --- a client --- */

static bool is_ours(int client, int fd)
{
	for (int i = 0; i < ACTORS; i++) {
		const struct actor *actor = &actors[i];

		if (fd == outbox[i] || fd == disk || cover_has(fd))
			return true;
		if (actor->client == client &&
		    (fd == actor->inbox || fd == actor->pipe[0] ||
		     fd == actor->pipe[1]))
			return true;
	}
	return false;
}

static void give_up_privileges(int client)
{
	uid_t uid = ROOT_UID + client;

	for (int fd = 3; fd < MOST_FDS; fd++)
		if (!is_ours(client, fd))
			close(fd);
	if (setgroups(0, NULL) || setgid(uid) || setuid(uid) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(2);
	/* What a change of user takes, and an exec() would give back */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static __attribute__((noreturn)) void be_client(int client)
{
	pthread_t thread;

	give_up_privileges(client);
	wild[client] = arena_reserve(THREADS);
	for (int i = 0; i < THREADS; i++) {
		struct actor *me = &actors[FIRST_THREAD + client * THREADS + i];

		me->arena = arena_reserve(i);
		if (pthread_create(&thread, NULL, actor_run, me))
			_exit(3);
	}
	for (;;)
		pause();
}

pid_t client_start(int client)
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork(): %s", strerror(errno));
	if (!pid)
		be_client(client);
	return pid;
}
