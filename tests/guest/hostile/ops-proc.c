// SPDX-License-Identifier: MIT
/*
 * What /proc shows, limits, and signals
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "look.h"
#include "model.h"
#include "ops.h"
#include "place.h"

static int proc(struct actor *me, pid_t pid, const char *name, int flags)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return CALL(me, open(path, flags | O_CLOEXEC));
}

/* Bits 0 to 54 are a frame's number, which is root's to know */
static void read_pagemap(struct actor *me, uint32_t index)
{
	int fd = proc(me, getpid(), "pagemap", O_RDONLY);
	uint64_t *entries = scratch();
	ssize_t n;

	if (fd < 0)
		return;
	n = CALL(me, pread(fd, entries, 64 * 8,
			   (uintptr_t)address(me, index) / PAGE * 8));
	for (ssize_t i = 0; i < n / 8; i++)
		if (entries[i] & ((1ull << 55) - 1))
			escape(me, "pagemap shows a frame: %#llx",
			       (unsigned long long)entries[i]);
	close(fd);
}

/* They walk the page tables */
static void read_all(struct actor *me, const char *name)
{
	int fd = proc(me, getpid(), name, O_RDONLY);

	if (fd < 0)
		return;
	for (int i = 0; i < 8 && CALL(me, read(fd, scratch(), 65536)) > 0; i++)
		;
	close(fd);
}

static void clear_refs(struct actor *me, uint32_t number)
{
	int fd = proc(me, getpid(), "clear_refs", O_WRONLY);

	if (fd < 0)
		return;
	CALL(me, write(fd, &"12345"[number % 5], 1));
	close(fd);
}

static void open_map_file(struct actor *me, uint32_t first, uint32_t n)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "map_files/%lx-%lx",
		 (unsigned long)address(me, first),
		 (unsigned long)address(me, first) + (unsigned long)(n * PAGE));
	fd = proc(me, getpid(), name, O_RDWR);
	if (fd < 0)
		return;
	escape(me, "/proc/self/%s can be opened", name);
	close(fd);
}

/* Another user's */
static void of_others(struct actor *me, uint32_t number)
{
	static const char *const names[] = { "maps", "smaps", "pagemap", "mem",
					     "fd/3", "numa_maps", "clear_refs" };
	const char *name = names[(number >> 1) % 7];
	pid_t pid = number & 1 ? owner_pid : client_pid[!me->client];
	int fd = proc(me, pid, name, number & 0x100 ? O_RDWR : O_RDONLY);

	if (fd < 0)
		return;
	if (CALL(me, read(fd, scratch(), 4096)) > 0)
		escape(me, "/proc/%d/%s, another user's, can be read", pid,
		       name);
	close(fd);
}

void step_proc(struct actor *me, const uint32_t *arg)
{
	static const char *const names[] = { "maps", "smaps", "smaps_rollup",
					     "numa_maps" };
	struct span part = any_part(me, arg[0], arg[1]);

	SAY(me, "/proc, %u, pages from %u on", arg[2] % 8, part.first);
	switch (arg[2] % 8) {
	case 0:
	case 1:
		read_pagemap(me, part.first);
		break;
	case 2:
		read_all(me, names[arg[3] % 4]);
		break;
	case 3:
		clear_refs(me, arg[3]);
		break;
	case 4:
		open_map_file(me, part.first, part.n);
		break;
	default:
		of_others(me, arg[3]);
		break;
	}
	look_at(me, part.first);
}

/* Short of something for a while: nothing must go wrong but the call itself */
void step_limit(struct actor *me, const uint32_t *arg)
{
	static const int resources[] = { RLIMIT_AS, RLIMIT_MEMLOCK, RLIMIT_NOFILE,
					 RLIMIT_DATA, RLIMIT_NPROC,
					 RLIMIT_FSIZE };
	int resource = resources[arg[0] % 6];
	struct rlimit old, low;

	if (getrlimit(resource, &old))
		return;
	low = (struct rlimit){ arg[0] & 0x100 ? 0 : 64, old.rlim_max };
	CALL(me, setrlimit(resource, &low));
	SAY(me, "a limit: %d", resource);
	switch (arg[1] % 5) {
	case 0:
		step_map(me, (const uint32_t[]){ arg[2], arg[3], arg[1], arg[0] });
		break;
	case 1:
		step_lock(me, arg);
		break;
	case 2:
		step_receive(me, arg);
		break;
	case 3:
		step_move(me, arg);
		break;
	default:
		step_dma_buf(me, arg);
		break;
	}
	CALL(me, setrlimit(resource, &old));
}

/* --- signals --- */

static __thread struct actor *interrupted;
static __thread uint32_t place;

static void on_usr1(int sig)
{
	(void)sig;
	look_at(interrupted, place);
}

static void on_alarm(int sig)
{
	(void)sig;
}

__attribute__((constructor)) static void catch_them(void)
{
	struct sigaction usr1 = { .sa_handler = on_usr1 };
	struct sigaction alarm = { .sa_handler = on_alarm };

	sigaction(SIGUSR1, &usr1, NULL);
	sigaction(SIGALRM, &alarm, NULL);
}

/* A look in the midst of a signal; or one that comes into calls as they are made */
void step_signal(struct actor *me, const uint32_t *arg)
{
	struct itimerval soon = {
		.it_value.tv_usec = 1 + arg[2] % 2000,
	};

	if (arg[0] & 1) {
		CALL(me, setitimer(ITIMER_REAL, &soon, NULL));
		return;
	}
	interrupted = me;
	place = any_page(me, arg[1], arg[2]);
	CALL(me, raise(SIGUSR1));
}
