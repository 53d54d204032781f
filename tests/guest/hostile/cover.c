// SPDX-License-Identifier: MIT
/*
 * How much of the driver's code the steps have reached, as KCOV has it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "cover.h"
#include "tap.h"
#include "world.h"

/* Places of one step; what is more than that is not counted */
#define PLACES		(64u << 10)
/* A driver is smaller than that */
#define BITS		(1u << 20)

struct reached {
	atomic_ulong bits[BITS / 64];
	atomic_uint nr;
	atomic_llong last;
};

static struct reached *reached;
static int fds[ACTORS] = { [0 ... ACTORS - 1] = -1 };
static unsigned long *places[ACTORS];

static void open_one(int actor)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	void *at;

	if (fd < 0)
		return;
	at = ioctl(fd, KCOV_INIT_TRACE, PLACES) ? MAP_FAILED :
	     mmap(NULL, PLACES * sizeof(long), RW, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		bail("KCOV does not work");
	places[actor] = at;
	fds[actor] = fd;
}

void cover_open(void)
{
	reached = mmap(NULL, sizeof(*reached), RW, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (reached == MAP_FAILED)
		bail("no memory");
	for (int i = 0; i < ACTORS; i++)
		open_one(i);
}

bool cover_has(int fd)
{
	for (int i = 0; i < ACTORS; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

void cover_begin(const struct actor *me)
{
	if (fds[me->index] < 0)
		return;
	if (ioctl(fds[me->index], KCOV_ENABLE, KCOV_TRACE_PC))
		bail("KCOV does not begin");
	places[me->index][0] = 0;
}

static void add_place(unsigned long place)
{
	unsigned long bit = 1ul << place % 64;

	if (atomic_fetch_or(&reached->bits[place % BITS / 64], bit) & bit)
		return;
	atomic_fetch_add(&reached->nr, 1);
	atomic_store(&reached->last, now_us());
}

void cover_add(const struct actor *me)
{
	unsigned long *place = places[me->index];
	unsigned long n;

	/* What a child of the actor does is nobody's */
	if (!place || me->is_kid)
		return;
	n = place[0];
	place[0] = 0;
	for (unsigned long i = 1; i <= n && i < PLACES; i++)
		add_place(place[i]);
}

void cover_say(int64_t since)
{
	if (fds[0] < 0)
		return;
	diag("  %u places of the driver's code reached, the last of them after %lld s",
	     atomic_load(&reached->nr),
	     (atomic_load(&reached->last) - (long long)since) / 1000000);
}
